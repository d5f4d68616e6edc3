// Following a piece of work that takes long (/api/works): what is done, what came of each part, a way to stop it.
import {api} from './api.js'
import {element, icon} from './dom.js'
import {watch} from './live.js'
import {milliseconds} from './time.js'
import {number, t} from './words.js'

const LOOK_EVERY_MS = 1000
const MOST_SHOWN = 50
// Who is shown first where there is no room for all.
const FIRST = ['running', 'failed', 'ok', 'skipped', 'waiting']

// Who waits for news of which work.
const waiting = new Map()
watch(['work_progress', 'cookie_refresh_progress'], (_, detail) => waiting.get(String(detail?.ref))?.())

/** Call back with {work, items} each time that something changed, until the work has ended; resolves with the
 *  last of them. Live events make it quick; without them it looks once a second. Throws ApiError. */
export async function follow(id, changed) {
  for (;;) {
    const told = await api(`/api/works/${id}`)
    changed(told)
    if (told.work.state !== 'running') return told
    await news(id)
  }
}

/** Follow work in an element: its title, how far it is, each part with its steps, and Stop or Close. */
export async function panel(host, id) {
  const stop = button('stop-circle', t('Stop'), () => api(`/api/works/${id}/cancel`, {method: 'POST'}))
  return follow(id, told => draw(host, told, stop))
}

/** The steps of one part as they are known: token ✓ 212 ms, and how it ended. */
export function steps(item) {
  const done = item.steps.map(step => element('span', {class: 'trial-step tone-good'}, `${stepWord(step.name)} `, icon('check-lg'), ` ${milliseconds(step.ms)}`))
  return element('span', {class: 'trial-steps'}, ...done, ...ending(item))
}

function news(id) {
  return new Promise(resolve => {
    waiting.set(String(id), resolve)
    setTimeout(resolve, LOOK_EVERY_MS)
  })
}

function draw(host, {work, items}, stop) {
  const running = work.state === 'running'
  const close = button('x-lg', t('Close'), () => host.remove())
  const count = t('{done} of {total}', {done: number(work.done), total: number(work.total)})
  const shown = items.toSorted((a, b) => FIRST.indexOf(a.state) - FIRST.indexOf(b.state)).slice(0, MOST_SHOWN)
  const rows = shown.map(item => element('li', {}, element('strong', {}, item.name), steps(item)))
  if (items.length > shown.length) rows.push(element('li', {class: 'quiet'}, t('and {n} more', {n: number(items.length - shown.length)})))
  const focused = host.contains(document.activeElement)
  host.replaceChildren(
    line(element('h2', {}, work.kind === 'test' ? t('Test of accounts') : work.title), element('span', {class: 'numbers'}, `${count} · ${stateWord(work.state)}`)),
    line(element('progress', {class: 'bar', max: work.total || 1, value: work.done, 'aria-label': work.title}), running ? stop : close),
    element('ul', {class: 'work-items'}, ...rows),
  )
  if (focused) (running ? stop : close).focus()
}

function line(...children) {
  return element('div', {class: 'working-line'}, ...children)
}

function button(iconName, word, pressed) {
  const made = element('button', {class: 'btn btn-quiet btn-sm', type: 'button'}, icon(iconName), element('span', {}, word))
  made.addEventListener('click', async () => {
    made.setAttribute('aria-busy', 'true')
    await pressed()
  })
  return made
}

function ending(item) {
  if (item.state === 'failed') return [element('span', {class: 'trial-step tone-bad'}, icon('x-octagon-fill'), ` ${item.message}`)]
  const words = {running: t('under way'), waiting: t('waits'), skipped: t('not tried')}
  return item.state in words ? [element('span', {class: 'quiet'}, words[item.state])] : []
}

function stepWord(name) {
  return {token: t('token'), session: t('session'), answer: t('answer')}[name] ?? name
}

function stateWord(state) {
  return {
    running: t('Under way'), done: t('Done'), cancelled: t('Stopped'), failed: t('Failed'),
    cut_off: t('Cut off when the service was started anew'),
  }[state] ?? state
}
