// Times go on counting. The words are those of gemini_pool/web/console/words.py; change both.
import {language, t} from './words.js'

/** 7 min 12 s: the largest units, at most so many. */
export function duration(seconds, parts = 2) {
  const whole = Math.max(0, Math.round(seconds))
  const counts = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60]
  const units = [n => t('{n} d', {n}), n => t('{n} h', {n}), n => t('{n} min', {n}), n => t('{n} s', {n})]
  const found = counts.findIndex(count => count)
  const first = found < 0 ? counts.length - 1 : found
  const chosen = [...counts.keys()].slice(first, first + parts)
  return chosen.filter(at => counts[at] || at === first).map(at => units[at](counts[at])).join(' ')
}

/** 212 ms, 1.4 s, 2 min 5 s; a dash for null. */
export function milliseconds(value) {
  if (value === null || value === undefined) return '–'
  if (value < 1000) return t('{n} ms', {n: Math.round(value)})
  return value < 10000 ? t('{n} s', {n: (value / 1000).toFixed(1)}) : duration(value / 1000)
}

/** in 7 min 12 s, 3 h ago; `seconds` are epoch seconds. */
export function when(seconds) {
  const ahead = seconds - Date.now() / 1000
  if (Math.abs(ahead) < 5) return t('now')
  return ahead > 0
    ? t('in {duration}', {duration: duration(ahead)})
    : t('{duration} ago', {duration: duration(-ahead, 1)})
}

/** The reader's own time, with the day when it is not given by what stands around it. */
export function clock(seconds, style = {dateStyle: 'medium', timeStyle: 'short'}) {
  return new Intl.DateTimeFormat(language, {hourCycle: 'h23', ...style}).format(seconds * 1000)
}

const SAY = {
  when,
  countdown: seconds => duration(seconds - Date.now() / 1000),
  clock: seconds => clock(seconds),
}

/** Bring every `<time data-time>` up to date. */
export function tick(root = document) {
  for (const one of root.querySelectorAll('time[data-time]')) {
    const text = SAY[one.dataset.time](Date.parse(one.dateTime) / 1000)
    if (one.textContent !== text) one.textContent = text
  }
}

/** From now on, once a second while somebody looks. */
export function start() {
  tick()
  setInterval(() => document.hidden || tick(), 1000)
}
