// The box that takes anything: what is in it is told as soon as it is there, and files can be dropped on it.
import {element, icon} from './dom.js'
import {toast} from './toast.js'
import {t} from './words.js'

const PAUSE_MS = 300

const form = document.querySelector('form[data-reads]')
const box = form.querySelector('textarea')
const files = form.querySelector('[type="file"]')
let asked = null
let waiting = null

form.classList.add('scripted')
box.addEventListener('input', () => soon(PAUSE_MS))
files.addEventListener('change', () => { named(); soon(0) })
form.addEventListener('change', event => event.target.matches('[type="radio"]') && soon(0))
for (const name of ['dragenter', 'dragover']) box.addEventListener(name, event => over(event, true))
for (const name of ['dragleave', 'drop']) box.addEventListener(name, event => over(event, false))
if (box.value.trim()) soon(0) // kept by the browser from before

function soon(pause) {
  clearTimeout(waiting)
  waiting = setTimeout(read, pause)
}

/** A file that is dropped is as one that is chosen; a text that is dropped goes into the box by itself. */
function over(event, above) {
  if (![...event.dataTransfer.types].includes('Files')) return
  event.preventDefault()
  box.classList.toggle('over', above)
  if (event.type !== 'drop') return
  files.files = event.dataTransfer.files
  named()
  soon(0)
}

function named() {
  form.querySelector('[data-file-names]').textContent = [...files.files].map(file => file.name).join(', ')
}

/** Have the server tell what is there; only the last question counts. */
async function read() {
  asked?.abort()
  const preview = document.getElementById('preview')
  if (!box.value.trim() && !files.files.length && !form.elements.sealed) return preview.replaceChildren()
  asked = new AbortController()
  preview.setAttribute('aria-busy', 'true')
  try {
    const response = await fetch(form.action, {method: 'POST', body: new FormData(form), signal: asked.signal})
    show(await response.text(), preview)
  } catch (error) {
    if (error.name === 'AbortError') return
    toast(t('The server cannot be reached. Look at your connection and try again.'), 'bad')
  }
  preview.removeAttribute('aria-busy')
}

function show(page, preview) {
  const told = new DOMParser().parseFromString(page, 'text/html')
  const fresh = told.getElementById('preview')
  const wrong = told.querySelector('form[data-reads] > .message')
  const focused = document.activeElement?.id
  if (wrong) preview.replaceChildren(element('p', {class: 'field-error'}, icon('x-octagon-fill'), wrong.textContent.trim()))
  else if (fresh) preview.replaceChildren(...document.importNode(fresh, true).childNodes)
  if (focused) document.getElementById(focused)?.focus()
}
