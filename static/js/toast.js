// A short word at the edge of the page. Errors stay until they are closed.
import {element, icon} from './dom.js'
import {t} from './words.js'

const ICONS = {good: 'check-circle-fill', warn: 'exclamation-triangle-fill', bad: 'x-octagon-fill'}
const SECONDS = 6

/** Say something, as a link where there is more to see; tone is good, warn, bad, or '' for what is merely worth
 *  knowing. */
export function toast(text, tone = '', href = '') {
  const close = element('button', {class: 'btn btn-quiet btn-icon', type: 'button', 'aria-label': t('Close')}, icon('x-lg'))
  const note = element('div', {class: `toast-note ${tone && `tone-${tone}`}`}, icon(ICONS[tone] ?? 'info-circle-fill'), element('span', {}, href ? element('a', {href}, text) : text), close)
  close.addEventListener('click', () => note.remove())
  document.getElementById('toasts').append(note)
  if (tone !== 'bad') leave(note)
}

function leave(note) {
  let timer = setTimeout(() => note.remove(), SECONDS * 1000)
  note.addEventListener('pointerenter', () => clearTimeout(timer))
  note.addEventListener('pointerleave', () => { timer = setTimeout(() => note.remove(), SECONDS * 1000) })
}
