// A small card beside what the pointer or the keyboard is at, inside a positioned element.
import {element} from './dom.js'

const GAP = 12

/** Show children in the hint of a host; x and y in the host's own pixels. */
export function show(host, x, y, ...children) {
  const hint = host.querySelector(':scope > .hint') ?? host.appendChild(element('div', {class: 'hint', 'aria-hidden': 'true'}))
  hint.replaceChildren(...children)
  const right = x + GAP + hint.offsetWidth > host.clientWidth
  const left = right ? Math.max(0, x - GAP - hint.offsetWidth) : x + GAP
  hint.style.left = `${left}px`
  hint.style.top = `${y}px`
}

/** Take it away. */
export function hide(host) {
  host.querySelector(':scope > .hint')?.remove()
}
