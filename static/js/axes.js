// The scales of a chart: round numbers upward from zero, times along.
import {clock, milliseconds} from './time.js'
import {number} from './words.js'

/** Round values from zero to at or above the largest: 0, 20, 40, 60. */
export function ticks(largest, wanted = 4) {
  if (!(largest > 0)) return [0, 1]
  const raw = largest / wanted
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map(one => one * power).find(one => one >= raw)
  const count = Math.ceil(largest / step - 1e-9)
  return Array.from({length: count + 1}, (_, i) => i * step)
}

/** As ticks, for counts: never a half. */
export function wholeTicks(largest) {
  const found = ticks(largest)
  return found.every(Number.isInteger) ? found : Array.from({length: Math.ceil(largest) + 1}, (_, i) => i)
}

/** A value as its axis and its hint write it. */
export function written(value, unit) {
  if (unit !== 'ms') return value === null ? '–' : number(value)
  return value === 0 ? '0' : milliseconds(value)
}

/** Which of these names have room along an axis of this width, counted from the last. */
export function named(names, width) {
  const room = Math.max(...names.map(wide)) + 12
  const {length} = names
  const every = [1, 2, 3, 4, 6, 8, 12, 24].find(one => one * (width / length) >= room) ?? length
  return i => (length - 1 - i) % every === 0
}

/** About how many pixels a name takes: a Chinese character is square. */
export function wide(name) {
  return [...name].reduce((sum, letter) => sum + (letter > '\u2e80' ? 12 : 7), 0)
}

/** What stands below a point: the hour within days, else the day. */
export function along(seconds, step) {
  if (step < 21600) return clock(seconds, {hour: '2-digit', minute: '2-digit'})
  return clock(seconds, {day: 'numeric', month: 'short', hourCycle: undefined})
}

/** The time that a bucket spans, as a hint says it. */
export function span(seconds, step) {
  const day = {weekday: 'short', day: 'numeric', month: 'short', hourCycle: undefined}
  if (step >= 86400) return clock(seconds, day)
  const hour = {hour: '2-digit', minute: '2-digit'}
  return `${clock(seconds, day)}, ${clock(seconds, hour)} – ${clock(seconds + step, hour)}`
}
