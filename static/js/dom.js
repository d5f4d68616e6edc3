// Making elements. Text is always text: nothing here reads markup.
const SVG = 'http://www.w3.org/2000/svg'

/** An HTML element with attributes and children (elements or strings). */
export function element(name, attributes = {}, ...children) {
  return dressed(document.createElement(name), attributes, children)
}

/** An SVG element with attributes and children. */
export function drawn(name, attributes = {}, ...children) {
  return dressed(document.createElementNS(SVG, name), attributes, children)
}

/** An icon of the sprite, for the eye alone. */
export function icon(name) {
  const use = drawn('use', {href: `${document.body.dataset.icons}#${name}`})
  return drawn('svg', {class: 'icon', 'aria-hidden': 'true'}, use)
}

/** What a page left for its scripts as JSON inside an element. */
export function data(within) {
  return JSON.parse(within.querySelector('script[type="application/json"]').textContent)
}

function dressed(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}
