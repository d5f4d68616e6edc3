// Markdown becomes elements, never by way of markup: of what was written only its text and checked addresses
// get into the page, whatever a model wrote. While an answer grows, what stands settled above is left alone.
import MarkdownIt from '../../vendor/markdown-it.mjs'
import {element, icon} from '../dom.js'
import {t} from '../words.js'
import {followed, shownFilm, shownPicture} from './media.js'

const parser = new MarkdownIt({html: false, linkify: true})
parser.linkify.set({fuzzyLink: false, fuzzyEmail: false})
parser.validateLink = () => true // media.js decides
const TAGS = new Set(['p', 'ul', 'ol', 'li', 'blockquote', 'thead', 'tbody', 'tr', 'th', 'td', 'em', 'strong', 's'])
const ALIGNED = {'text-align:right': 'end', 'text-align:center': 'center'}
const OPEN = 2 // the last line may still make another block of what stands before it

/** A text of Markdown in a host, which grows. */
export class Markdown {
  blocks = []
  settled = {blocks: 0, at: 0}
  text = ''

  constructor(host) {
    this.host = host
  }

  /** Show this text; `whole` when nothing more comes. */
  update(text, whole = false) {
    if (whole || !text.startsWith(this.text)) this.settled = {blocks: 0, at: 0}
    this.text = text
    const rest = text.slice(this.settled.at)
    const env = {}
    const lines = rest.split('\n')
    const groups = grouped(parser.parse(rest, env), lines)
    const anew = whole && env.references // links that were named further below
    groups.forEach((group, i) => this.put(this.settled.blocks + i, group, anew))
    for (const {node} of this.blocks.splice(this.settled.blocks + groups.length)) node.remove()
    this.settle(groups, lines)
  }

  put(at, group, anew) {
    const old = this.blocks[at]
    if (old && !anew && old.source === group.source && old.type === group.type) return
    if (old && lengthen(old, group)) return
    const node = built(group.tokens)
    if (old) old.node.replaceWith(node)
    else this.host.append(node)
    this.blocks[at] = {node, source: group.source, type: group.type, content: group.tokens[0].content}
  }

  settle(groups, lines) {
    const first = groups.at(-OPEN)
    if (groups.length <= OPEN || !first) return
    const before = lines.slice(0, first.line).reduce((sum, line) => sum + line.length + 1, 0)
    this.settled = {blocks: this.settled.blocks + groups.length - OPEN, at: this.settled.at + before}
  }
}

/** The blocks of a text, each with its tokens and its source. */
function grouped(tokens, lines) {
  const groups = []
  let depth = 0
  for (const token of tokens) {
    if (depth === 0) {
      const [from, to] = token.map ?? [0, 0]
      groups.push({type: token.type, line: from, source: lines.slice(from, to).join('\n'), tokens: []})
    }
    groups.at(-1).tokens.push(token)
    depth += token.nesting
  }
  return groups
}

/** Code that grows keeps its element, and with it where it was scrolled to and what is selected in it. */
function lengthen(old, {type, source, tokens: [token]}) {
  if (type !== 'fence' || old.type !== type || !token.content.startsWith(old.content)) return false
  if (old.source.split('\n', 1)[0] !== source.split('\n', 1)[0]) return false
  const code = old.node.querySelector('code')
  if (!code.firstChild) code.append('')
  code.firstChild.appendData(token.content.slice(old.content.length))
  Object.assign(old, {source, content: token.content})
  return true
}

function built(tokens) {
  const host = document.createDocumentFragment()
  build(tokens, host)
  return host.childNodes.length === 1 ? host.firstChild : element('div', {}, host)
}

function build(tokens, into) {
  const above = []
  let at = into
  for (const token of tokens) {
    if (token.hidden) continue
    if (token.nesting > 0) {
      above.push(at)
      at = opened(token, at)
    } else if (token.nesting < 0) at = above.pop()
    else leaf(token, at)
  }
}

/** Add what a token opens; what comes next belongs into the element returned. */
function opened(token, at) {
  if (token.type === 'link_open') return link(token.attrGet('href') ?? '', at)
  const made = token.type === 'heading_open' ? heading(token.tag) : token.type === 'table_open' ? element('table', {class: 'table'}) : plain(token)
  at.append(token.type === 'table_open' ? element('div', {class: 'md-table', tabindex: 0}, made) : made)
  return made
}

function plain(token) {
  const made = document.createElement(TAGS.has(token.tag) ? token.tag : 'span')
  const start = token.type === 'ordered_list_open' && token.attrGet('start')
  if (start) made.setAttribute('start', Number(start))
  const side = ALIGNED[token.attrGet('style')]
  if (side) made.className = side
  return made
}

/** Below those of the page. */
function heading(tag) {
  const level = Math.min(6, Number(tag[1]) + 2)
  return element(`h${level}`, {class: `md-h${tag[1]}`})
}

function link(address, at) {
  const film = shownFilm(address)
  const href = film ?? followed(address)
  const made = href ? element('a', {href, target: '_blank', rel: 'noopener noreferrer'}) : element('span', {class: 'md-dead', title: t('This link leads nowhere safe, so it is shown as text.')})
  at.append(film ? element('span', {class: 'film'}, element('video', {src: film, controls: '', preload: 'metadata', playsinline: ''}), made) : made)
  return made
}

function leaf(token, at) {
  if (token.type === 'inline') build(token.children, at)
  else if (token.type === 'softbreak') at.append('\n')
  else if (token.type === 'hardbreak') at.append(element('br'))
  else if (token.type === 'hr') at.append(element('hr'))
  else if (token.type === 'code_inline') at.append(element('code', {}, token.content))
  else if (token.type === 'fence' || token.type === 'code_block') at.append(code(token))
  else if (token.type === 'image') at.append(picture(token.attrGet('src') ?? '', token.content))
  else at.append(token.content)
}

function code(token) {
  const language = token.info.trim().split(/\s+/, 1)[0]
  const copy = element('button', {class: 'btn btn-quiet btn-sm', type: 'button', 'data-do': 'copy-code'}, icon('copy'), element('span', {}, t('Copy')))
  const head = element('figcaption', {}, element('span', {class: 'quiet'}, language), copy)
  return element('figure', {class: 'snippet'}, head, element('pre', {tabindex: 0}, element('code', {}, token.content)))
}

function picture(address, alt) {
  const src = shownPicture(address)
  if (src) return pictureButton(src, alt)
  const href = followed(address)
  const text = alt || address.slice(0, 80)
  return href ? element('a', {href, target: '_blank', rel: 'noopener noreferrer'}, text) : element('span', {class: 'md-dead'}, text)
}

/** A picture that grows when it is pressed; its place is kept while it comes. */
export function pictureButton(src, alt) {
  const image = element('img', {src, alt: alt || t('Picture'), class: 'coming', decoding: 'async'})
  const come = () => image.classList.remove('coming')
  image.addEventListener('load', come)
  image.addEventListener('error', () => {
    come()
    image.closest('.picture')?.replaceWith(element('span', {class: 'quiet'}, t('This picture is not there any more.')))
  })
  return element('button', {class: 'picture', type: 'button', 'data-do': 'enlarge', title: t('Enlarge')}, image)
}
