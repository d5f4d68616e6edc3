// What the scripts say, in the language of the page. English stands in the scripts themselves; other languages
// come as window.words from /static/<version>/words.<language>.js, made of the same catalogue as the pages.
const words = window.words ?? {}

export const language = document.documentElement.lang

/** The text in this language, with {name} replaced by what `values` has for it. */
export function t(text, values = {}) {
  return fill(words[text] || text, values)
}

/** As t, of two forms the one for this number, which the text knows as {n}. */
export function tn(one, many, n, values = {}) {
  return fill(words[one] || (n === 1 ? one : many), {n, ...values})
}

/** 12 345, with thin spaces. */
export function number(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? values[name] : whole)
}
