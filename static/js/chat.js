// The chat: what is written, the files that go along, and which conversation is open (the address names it).
import {Attachments} from './chat/attach.js'
import {ConversationList} from './chat/list.js'
import {onOthers, openShelf} from './chat/shelf.js'
import {Talk} from './chat/talk.js'
import {t} from './words.js'

const MODEL = 'chat-model'
const DRAFT = 'chat-draft'
const byId = id => document.getElementById(id)
const [form, box, model, send, stop, chats] = ['ask', 'question', 'model', 'send', 'stop', 'chats'].map(byId)
const running = new Map()
const shelf = await openShelf()
const talk = new Talk(shelf, running, {onchange: head => list.put(head), onbusy: ready})
const list = new ConversationList(shelf, running, forgotten)
const attachments = new Attachments(byId('chosen'), ready)

function ready() {
  const busy = Boolean(talk.answer)
  const focused = document.activeElement === stop
  send.hidden = busy
  stop.hidden = !busy
  if (focused && !busy) box.focus()
  const {entries, busy: coming, failed} = attachments
  send.disabled = (!box.value.trim() && !entries.length) || coming || failed
  send.title = coming ? t('The files are still on their way.') : failed ? t('Remove the file that did not arrive.') : t('Send')
}

function fit() {
  box.style.height = 'auto'
  box.style.height = `${box.scrollHeight + 2}px`
}

function write(text) {
  box.value = text
  fit()
  ready()
  remember()
}

/** A reload, or a sign-in that has ended, costs nobody what he wrote. Pictures and films are wanted once, other
 *  models again. */
function remember() {
  sessionStorage.setItem(DRAFT, box.value)
  if (model.selectedOptions[0]?.parentElement === model.querySelector('optgroup')) localStorage.setItem(MODEL, model.value)
}

function choose(name) {
  if ([...model.options].some(one => one.value === name)) model.value = name
}

async function open() {
  const id = location.hash.slice(1)
  await talk.open(id)
  list.open(id)
  choose(talk.tree?.head.model ?? localStorage.getItem(MODEL) ?? model.options[0]?.value)
  drawer(false)
  if (matchMedia('(pointer: fine)').matches) box.focus({preventScroll: true})
}

function forgotten(ids) {
  for (const id of ids) running.get(id)?.discard()
  if (ids.includes(location.hash.slice(1))) location.hash = ''
}

/** The list, on narrow screens. */
function drawer(shown) {
  if (chats.classList.contains('open') === shown) return
  chats.classList.toggle('open', shown)
  byId('chats-open').setAttribute('aria-expanded', shown)
  byId(shown ? 'chats-search' : 'chats-open').focus()
}

form.addEventListener('submit', async event => {
  event.preventDefault()
  if (send.disabled || talk.answer) return
  const text = box.value.trim()
  const files = attachments.take()
  write('')
  remember()
  await talk.ask(text, files, model.value)
  list.open(talk.tree.head.id)
})
box.addEventListener('input', () => { fit(); ready(); remember() })
box.addEventListener('keydown', event => {
  const enter = event.key === 'Enter' && !event.shiftKey && !event.isComposing && matchMedia('not (pointer: coarse)').matches
  if (enter) { event.preventDefault(); form.requestSubmit() }
  if (event.key === 'Escape' && talk.answer) talk.stop()
  if (event.key === 'ArrowUp' && !box.value) { event.preventDefault(); talk.editLast() }
})
stop.addEventListener('click', () => talk.stop())
byId('forget').addEventListener('click', () => talk.tree && talk.forget(list))

byId('attach').addEventListener('click', () => byId('files').click())
byId('files').addEventListener('change', event => {
  attachments.add(event.target.files)
  event.target.value = ''
})
box.addEventListener('paste', event => {
  if (!event.clipboardData.files.length) return
  event.preventDefault()
  attachments.add(event.clipboardData.files)
})
const place = byId('talk')
for (const name of ['dragenter', 'dragover']) {
  place.addEventListener(name, event => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    place.classList.add('dropping')
  })
}
place.addEventListener('dragleave', event => { if (!place.contains(event.relatedTarget)) place.classList.remove('dropping') })
place.addEventListener('drop', event => {
  place.classList.remove('dropping')
  if (!event.dataTransfer.files.length) return
  event.preventDefault()
  attachments.add(event.dataTransfer.files)
})

byId('start').addEventListener('click', event => {
  const example = event.target.closest('[data-example]')
  if (!example) return
  choose(example.dataset.model)
  write(example.dataset.example)
  box.focus()
})
byId('chats-open').addEventListener('click', () => drawer(true))
byId('chats-close').addEventListener('click', () => drawer(false))
byId('talk').addEventListener('pointerdown', () => drawer(false))
chats.addEventListener('keydown', event => { if (event.key === 'Escape' && !chats.querySelector('details[open]')) drawer(false) })
chats.addEventListener('click', event => { if (event.target.closest('a')) drawer(false) })
addEventListener('hashchange', open)
onOthers(async id => {
  await list.load()
  const here = location.hash.slice(1)
  const mine = talk.answer || document.querySelector('.edit')
  if (here && (id === null || id === here) && !mine) await talk.open(here)
})

write(sessionStorage.getItem(DRAFT) ?? '')
byId('forgets').hidden = !shelf.forgets
await Promise.all([list.load(), open()])
