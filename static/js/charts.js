// Charts drawn from the numbers in the page (templates/components/charts.html): stacked columns, or lines.
// The values of one moment show on hover, by touch and by the arrow keys.
import {along, named, span, ticks, wholeTicks, wide, written} from './axes.js'
import {data, drawn, element} from './dom.js'
import * as hint from './hint.js'
import {t} from './words.js'

const HEIGHT = 224
const ABOVE = 12
const BELOW = 28
const RIGHT = 4

/** Draw every chart below a root. */
export function mount(root) {
  for (const figure of root.querySelectorAll('[data-chart]')) new Chart(figure)
}

class Chart {
  constructor(figure) {
    const {series, points} = data(figure)
    const {chart: kind, unit, step} = figure.dataset
    Object.assign(this, {figure, series, points, kind, unit, step: Number(step), at: -1})
    this.area = figure.querySelector('.chart-area')
    this.svg = drawn('svg', {
      tabindex: 0, role: 'img', 'aria-labelledby': `${figure.id}-title`, 'aria-description': t('The arrow keys read out the values.'),
    })
    this.spoken = element('div', {class: 'visually-hidden', 'aria-live': 'polite'})
    this.area.append(this.svg, this.spoken)
    this.listen()
    new ResizeObserver(() => this.draw()).observe(this.area)
  }

  listen() {
    this.svg.addEventListener('pointermove', event => this.go(this.under(event)))
    this.svg.addEventListener('pointerleave', () => this.leave())
    this.svg.addEventListener('blur', () => this.leave())
    this.svg.addEventListener('keydown', event => this.key(event))
  }

  draw() {
    this.width = this.area.clientWidth
    if (!this.width) return
    const values = this.points.map(point => this.height(point))
    const largest = Math.max(0, ...values)
    this.ticks = this.unit === 'ms' ? ticks(largest) : wholeTicks(largest)
    const labels = this.ticks.map(tick => written(tick, this.unit))
    this.left = 12 + Math.max(...labels.map(wide))
    this.each = (this.width - this.left - RIGHT) / this.points.length
    this.cursor = drawn('rect', {class: 'cursor', y: ABOVE, height: HEIGHT - ABOVE - BELOW, width: this.each, visibility: 'hidden'})
    const body = this.kind === 'columns' ? this.columns() : this.lines()
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${HEIGHT}`)
    this.svg.replaceChildren(this.hatch(), ...this.grid(labels), this.cursor, ...body, ...this.days())
  }

  /** How high a point reaches: a stack is as high as its sum. */
  height(point) {
    const values = this.series.map(([key]) => point[key] ?? 0)
    return this.kind === 'columns' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values)
  }

  x(i) { return this.left + i * this.each }

  y(value) { return HEIGHT - BELOW - value / this.ticks.at(-1) * (HEIGHT - ABOVE - BELOW) }

  hatch() {
    const size = 5
    const pattern = drawn('pattern', {
      id: `${this.figure.id}-hatch`, width: size, height: size, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)',
    })
    pattern.append(drawn('rect', {class: 'hatch-ground', width: size, height: size}), drawn('line', {class: 'hatch-line', y2: size}))
    return drawn('defs', {}, pattern)
  }

  grid(labels) {
    return this.ticks.flatMap((tick, i) => {
      const y = Math.round(this.y(tick)) + .5
      return [
        drawn('line', {class: i ? 'grid' : 'base', x1: this.left, x2: this.width - RIGHT, y1: y, y2: y}),
        drawn('text', {x: this.left - 8, y: y + 4, 'text-anchor': 'end'}, labels[i]),
      ]
    })
  }

  /** The names along the axis; a day of several buckets is named once. */
  days() {
    const names = this.points.map(point => along(point.at, this.step))
    const shown = named(names, this.width - this.left)
    let before = ''
    return names.flatMap((name, i) => {
      if (!shown(i) || name === before) return []
      before = name
      const middle = this.x(i) + this.each / 2
      const half = wide(name) / 2
      const x = Math.min(this.width - half, Math.max(half, middle))
      return [drawn('text', {x, y: HEIGHT - 8, 'text-anchor': 'middle'}, name)]
    })
  }

  columns() {
    const gap = this.each > 12 ? 4 : this.each > 5 ? 2 : .5
    return this.points.flatMap((point, i) => {
      let sum = 0
      return this.series.filter(([key]) => point[key]).map(([key, , style]) => {
        const y = this.y(sum += point[key])
        const height = Math.max(1, this.y(sum - point[key]) - y)
        const box = {class: `column-${style}`, x: this.x(i) + gap / 2, y, width: Math.max(1, this.each - gap), height}
        if (style === 'hatched') box.fill = `url(#${this.figure.id}-hatch)`
        return drawn('rect', box)
      })
    })
  }

  lines() {
    return this.series.flatMap(([key, , style]) => {
      const spots = this.points.map((point, i) => point[key] === null ? null : [this.x(i) + this.each / 2, this.y(point[key])])
      const begins = i => spots[i] && !spots[i - 1]
      const path = spots.map((spot, i) => spot && `${begins(i) ? 'M' : 'L'}${spot[0]} ${spot[1]}`).filter(Boolean).join('')
      const alone = spots.filter((spot, i) => begins(i) && !spots[i + 1])
      return [
        drawn('path', {class: `line line-${style}`, d: path || 'M0 0'}),
        ...alone.map(([cx, cy]) => drawn('circle', {class: `dot-${style}`, cx, cy, r: 3})),
      ]
    })
  }

  under(event) {
    const x = event.clientX - this.svg.getBoundingClientRect().left
    return Math.floor((x - this.left) / this.each)
  }

  go(i) {
    if (!this.points[i]) return this.leave()
    this.at = i
    this.cursor.setAttribute('x', this.x(i))
    this.cursor.setAttribute('visibility', 'visible')
    const rows = this.series.map(([key, word]) => [word, written(this.points[i][key], this.unit)])
    const head = span(this.points[i].at, this.step)
    const list = element('dl', {}, ...rows.flatMap(([word, value]) => [element('dt', {}, word), element('dd', {}, value)]))
    hint.show(this.figure, this.x(i) + this.each / 2, this.area.offsetTop + 8, element('strong', {}, head), list)
    return [head, ...rows.map(row => row.join(': '))].join(', ')
  }

  leave() {
    this.cursor?.setAttribute('visibility', 'hidden')
    hint.hide(this.figure)
  }

  key(event) {
    const last = this.points.length - 1
    const to = {ArrowRight: this.at + 1, ArrowLeft: this.at < 0 ? last : this.at - 1, Home: 0, End: last}[event.key]
    if (event.key === 'Escape') return this.leave()
    if (to === undefined) return undefined
    event.preventDefault()
    this.spoken.textContent = this.go(Math.min(last, Math.max(0, to)))
    return undefined
  }
}
