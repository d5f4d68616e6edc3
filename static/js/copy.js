// Buttons with data-copy (a text) or data-copy-of (the id of what holds it).
import {toast} from './toast.js'
import {t} from './words.js'

/** Put a text on the clipboard; true when it is there. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copiedByHand(text) // over plain http a browser has no clipboard to offer
  }
}

/** Answer to every copy button, also those that come later. */
export function start() {
  document.addEventListener('click', async event => {
    const button = event.target.closest?.('[data-copy], [data-copy-of]')
    if (!button) return
    const {copy: text, copyOf} = button.dataset
    const done = await copy(text ?? document.getElementById(copyOf).textContent)
    toast(done ? t('Copied.') : t('The browser does not let this page copy. Select the text and copy it by hand.'), done ? 'good' : 'warn')
  })
}

function copiedByHand(text) {
  const held = Object.assign(document.createElement('textarea'), {value: text, className: 'visually-hidden'})
  const before = document.activeElement
  document.body.append(held)
  held.select()
  const done = document.execCommand('copy')
  held.remove()
  before?.focus()
  return done
}
