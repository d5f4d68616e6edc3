// All accounts as one strip of cells. How high a cell is says the same as its colour: whole for who answers,
// lower for who rests, lowest for who is out.
import {data, drawn, element, icon} from './dom.js'
import * as hint from './hint.js'
import {duration} from './time.js'
import {t} from './words.js'

const HEIGHT = 32
const WIDEST = 16
const HIGH = {good: 1, warn: .7, bad: .4, off: .4}
const STEPS = {ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20}

/** Draw every strip below a root. */
export function mount(root) {
  for (const host of root.querySelectorAll('[data-strip]')) new Strip(host)
}

class Strip {
  constructor(host) {
    const {cells, looks} = data(host)
    Object.assign(this, {host, cells, looks, at: -1})
    this.svg = drawn('svg', {tabindex: 0, role: 'listbox', 'aria-label': t('Accounts'), 'aria-orientation': 'horizontal'})
    this.rects = cells.map((cell, i) => this.rect(cell, i))
    this.svg.append(...this.rects)
    host.append(this.svg)
    this.listen()
    new ResizeObserver(() => this.place()).observe(host)
  }

  rect(cell, i) {
    const [, , state] = cell
    return drawn('rect', {
      id: `cell-${i}`, role: 'option', 'aria-label': this.says(cell).join('. '), class: `tone-${this.looks[state][2]}`,
    })
  }

  listen() {
    this.svg.addEventListener('pointermove', event => this.go(this.under(event), false))
    this.svg.addEventListener('pointerleave', () => this.leave())
    this.svg.addEventListener('blur', () => this.leave())
    this.svg.addEventListener('click', event => this.open(this.under(event)))
    this.svg.addEventListener('keydown', event => this.key(event))
    this.svg.addEventListener('focus', () => this.svg.matches(':focus-visible') && this.go(Math.max(0, this.at), true))
  }

  place() {
    const width = this.host.clientWidth
    if (!width) return
    this.step = Math.min(WIDEST, width / this.cells.length)
    this.svg.style.width = `${this.step * this.cells.length}px`
    const gap = this.step >= 8 ? 2 : this.step >= 4 ? 1 : 0
    this.svg.setAttribute('shape-rendering', gap ? 'auto' : 'crispEdges')
    this.rects.forEach((rect, i) => {
      const high = HEIGHT * HIGH[this.looks[this.cells[i][2]][2]]
      const box = {x: i * this.step, y: HEIGHT - high, width: this.step - gap, height: high, rx: gap}
      for (const [name, value] of Object.entries(box)) rect.setAttribute(name, value)
    })
  }

  under(event) {
    const x = event.clientX - this.svg.getBoundingClientRect().left
    return Math.floor(x / this.step)
  }

  go(i, byKey) {
    if (i < 0 || i >= this.cells.length) return byKey || this.leave()
    this.rects[this.at]?.classList.remove('at')
    this.at = i
    this.rects[i].classList.add('at')
    this.svg.append(this.rects[i]) // above its neighbours
    this.svg.setAttribute('aria-activedescendant', `cell-${i}`)
    const [name, ...rest] = this.says(this.cells[i])
    const [, iconName, tone] = this.looks[this.cells[i][2]]
    const line = element('span', {class: `state tone-${tone}`}, icon(iconName), element('span', {}, rest.shift()))
    hint.show(this.host, i * this.step, HEIGHT + 8, element('strong', {}, name), line, ...rest.map(text => element('div', {}, text)))
  }

  leave() {
    this.rects[this.at]?.classList.remove('at')
    this.svg.removeAttribute('aria-activedescendant')
    hint.hide(this.host)
  }

  key(event) {
    const last = this.cells.length - 1
    if (event.key === 'Enter') return this.open(this.at)
    if (event.key === 'Escape') return this.leave()
    const to = {Home: 0, End: last}[event.key] ?? this.at + (STEPS[event.key] ?? NaN)
    if (Number.isNaN(to)) return undefined
    event.preventDefault()
    return this.go(Math.min(last, Math.max(0, to)), true)
  }

  open(i) {
    if (this.cells[i]) location.assign(`/accounts/${this.cells[i][0]}`)
  }

  /** Name, state, reason, countdown: as many as there are. */
  says([, name, state, reason, changesAt]) {
    const left = changesAt === null ? null : duration(changesAt - Date.now() / 1000)
    const change = left && (state === 'expiring_soon' ? t('expires in {time}', {time: left}) : t('returns in {time}', {time: left}))
    return [name, this.looks[state][0], reason, change].filter(Boolean)
  }
}
