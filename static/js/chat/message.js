// One message on the page: a question in a bubble, an answer with its thoughts, its text, and the small print.
import {element, icon} from '../dom.js'
import {duration, milliseconds} from '../time.js'
import {t} from '../words.js'
import {sized} from './attach.js'
import {Markdown} from './markdown.js'
import {followed, shownPicture} from './media.js'
import {trouble} from './trouble.js'

/** A question. */
export class QuestionView {
  constructor(message, tree) {
    Object.assign(this, {message, tree})
    this.foot = element('div', {class: 'turn-foot'})
    this.bubble = element('div', {class: 'bubble'})
    this.element = turn('turn turn-user', t('You'), this.bubble, this.foot)
    this.show()
  }

  show() {
    const {text, files} = this.message
    this.bubble.replaceChildren()
    if (files.length) this.bubble.append(element('ul', {class: 'files'}, ...files.map(attached)))
    if (text) this.bubble.append(element('div', {class: 'plain'}, text))
    this.refresh()
  }

  /** What stands below it, which others change. */
  refresh() {
    this.foot.replaceChildren(...branches(this.message, this.tree), tool('edit', 'pencil', t('Edit and ask again')), tool('copy', 'copy', t('Copy')))
  }

  /** Its text in a box; calls back with what it is then, or with null. */
  edit(done) {
    const box = element('textarea', {class: 'form-control', 'aria-label': t('Question'), rows: Math.min(12, this.message.text.split('\n').length + 1)})
    box.value = this.message.text
    const ask = element('button', {class: 'btn btn-primary btn-sm', type: 'submit'}, t('Ask this'))
    const leave = element('button', {class: 'btn btn-quiet btn-sm', type: 'button'}, t('Cancel'))
    const form = element('form', {class: 'edit'}, box, element('div', {class: 'row-end'}, leave, ask))
    const end = text => { this.show(); done(text) }
    form.addEventListener('submit', event => { event.preventDefault(); end(box.value.trim()) })
    leave.addEventListener('click', () => end(null))
    box.addEventListener('keydown', event => {
      if (event.key === 'Escape') { event.stopPropagation(); end(null) }
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit() }
    })
    this.bubble.replaceChildren(form)
    this.foot.replaceChildren()
    box.focus()
  }
}

/** An answer, which may be growing. */
export class AnswerView {
  waiting = null
  cost = 0
  due = 0
  asked = false

  constructor(message, tree, growing) {
    Object.assign(this, {message, tree, growing})
    this.thoughtsHost = element('div', {class: 'md'})
    this.thoughtsWord = element('span', {})
    this.thoughts = element('details', {class: 'thoughts'}, element('summary', {}, icon('lightbulb'), this.thoughtsWord), this.thoughtsHost)
    this.thoughts.addEventListener('toggle', () => this.thoughts.open && this.showThoughts())
    this.host = element('div', {class: 'md answer-text'})
    this.below = element('div', {class: 'below'})
    this.foot = element('div', {class: 'turn-foot'})
    this.element = turn('turn turn-answer', message.model, this.thoughts, this.host, this.below, this.foot)
    this.text = new Markdown(this.host)
    this.thought = new Markdown(this.thoughtsHost)
    this.show()
  }

  /** Soon, and not oftener than it costs little: a long answer must not make the page slow. */
  grow() {
    if (this.asked) return
    this.asked = true
    requestAnimationFrame(now => {
      this.asked = false
      if (now < this.due && this.growing) return setTimeout(() => this.grow(), this.due - now)
      const begun = performance.now()
      this.show()
      this.due = begun + 4 * (performance.now() - begun)
      return undefined
    })
  }

  /** Nothing more comes. */
  end() {
    this.growing = false
    this.show()
  }

  show() {
    const {message, growing} = this
    this.element.toggleAttribute('data-growing', growing)
    this.thoughts.hidden = !message.thoughts
    if (message.thoughts) this.thoughtsWord.textContent = growing && !message.text ? t('Thinking…') : t('Thoughts')
    if (this.thoughts.open) this.showThoughts()
    this.text.update(message.text, !growing)
    this.showBelow()
    this.refresh()
  }

  showThoughts() {
    this.thought.update(this.message.thoughts, !this.growing)
  }

  showBelow() {
    const {message, growing} = this
    if (growing) {
      if (message.text) this.waiting = this.waiting?.remove()
      else if (!this.waiting) this.below.replaceChildren(this.waiting = waiting())
      return
    }
    this.waiting = null
    const told = trouble(message)
    this.below.replaceChildren(...told ? [told] : [], ...message.sources.length ? [sources(message.sources)] : [])
  }

  refresh() {
    if (this.growing) {
      if (!this.foot.childNodes.length) this.foot.append(tool('none', 'copy', '', true))
      return
    }
    const focused = this.foot.contains(document.activeElement) && document.activeElement.dataset.do
    const tools = this.message.text ? [tool('copy', 'copy', t('Copy'))] : []
    this.foot.replaceChildren(...branches(this.message, this.tree), ...tools, tool('again', 'arrow-clockwise', t('Another answer')), smallPrint(this.message))
    if (focused) this.foot.querySelector(`[data-do="${focused}"]`)?.focus()
  }
}

function turn(names, who, ...parts) {
  return element('li', {class: names}, element('h2', {class: 'visually-hidden'}, who), ...parts)
}

function tool(what, picture, label, unseen = false) {
  const button = element('button', {class: 'btn btn-quiet btn-icon btn-sm', type: 'button', 'data-do': what, title: label, 'aria-label': label}, icon(picture))
  if (unseen) button.classList.add('unseen')
  return button
}

/** ‹ 2 / 3 ›, where there is more than one. */
function branches(message, tree) {
  const all = tree.siblings(message)
  if (all.length < 2) return []
  const at = all.indexOf(message)
  const before = tool('before', 'chevron-left', t('Earlier branch'))
  const after = tool('after', 'chevron-right', t('Later branch'))
  before.disabled = at === 0
  after.disabled = at === all.length - 1
  return [element('span', {class: 'branches'}, before, element('span', {class: 'quiet'}, `${at + 1} / ${all.length}`), after)]
}

function waiting() {
  const since = Date.now()
  const clock = element('span', {})
  const line = element('p', {class: 'waiting quiet'}, element('span', {class: 'dots', 'aria-hidden': 'true'}, '…'), ' ', clock)
  const tick = () => {
    clock.textContent = Date.now() - since < 3000 ? t('Waiting for the first word') : t('Waiting for the first word, {time} so far', {time: duration((Date.now() - since) / 1000)})
    if (line.isConnected || Date.now() - since < 1000) setTimeout(tick, 1000)
  }
  tick()
  return line
}

function smallPrint({account, model, firstMs, totalMs}) {
  const parts = []
  if (account) parts.push(element('a', {href: `/accounts/${Number(account.id)}`, title: t('The account that answered')}, account.name))
  parts.push(model)
  if (firstMs !== null) parts.push(t('first word after {time}', {time: milliseconds(firstMs)}))
  if (totalMs !== null) parts.push(t('whole in {time}', {time: milliseconds(totalMs)}))
  return element('small', {class: 'print quiet'}, ...parts.flatMap((part, i) => i ? [' · ', part] : [part]))
}

function sources(all) {
  const links = all.map(({url, title}) => {
    const href = followed(url)
    return element('li', {}, href ? element('a', {href, target: '_blank', rel: 'noopener noreferrer'}, title || url) : title || url)
  })
  return element('div', {class: 'sources'}, element('h3', {}, t('Sources')), element('ol', {}, ...links))
}

function attached(file, i) {
  const picture = shownPicture(file.url ?? '') ?? shownPicture(file.thumb ?? '')
  const shown = picture
    ? element('img', {src: picture, alt: file.name})
    : [element('span', {class: 'file-face'}, icon('file-earmark')), element('span', {class: 'file-words'}, element('span', {class: 'file-name'}, file.name), element('small', {class: 'quiet'}, sized(file.size)))]
  return element('li', {}, element('button', {class: picture ? 'picture' : 'file', type: 'button', 'data-do': 'open-file', 'data-file': i, title: file.name}, ...[shown].flat()))
}
