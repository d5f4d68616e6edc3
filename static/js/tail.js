// A list keeps up with what happens, until somebody pauses it. Only its newest page does; a hidden page waits.
import {icon} from './dom.js'
import {tick} from './time.js'

const EVERY_MS = 3000

/** The button that pauses the list it names. */
function follow(button) {
  let paused = false
  const show = () => {
    const word = paused ? button.dataset.goOn : button.dataset.pause
    button.replaceChildren(icon(paused ? 'play-fill' : 'pause-fill'), Object.assign(document.createElement('span'), {textContent: word}))
    button.setAttribute('aria-pressed', String(paused))
  }
  button.hidden = false
  button.addEventListener('click', () => { paused = !paused; show() })
  setInterval(() => paused || document.hidden || refresh(button.dataset.tail), EVERY_MS)
}

async function refresh(id) {
  const list = document.getElementById(id)
  if (list.contains(document.activeElement) || list.querySelector('details[open]') || selected(list)) return
  const response = await fetch(location.href, {headers: {accept: 'text/html'}}).catch(() => null)
  if (!response?.ok || response.redirected) return
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById(id)
  if (!fresh || list.contains(document.activeElement)) return
  const made = document.importNode(fresh, true)
  tick(made)
  if (!made.isEqualNode(list)) list.replaceWith(made)
}

/** Somebody is marking a piece of it to copy. */
function selected(list) {
  const selection = getSelection()
  return !selection.isCollapsed && list.contains(selection.anchorNode)
}

for (const button of document.querySelectorAll('[data-tail]')) follow(button)
