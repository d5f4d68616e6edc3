// The conversation that is open: its messages, and what one does with them.
import {copy} from '../copy.js'
import {confirmed} from '../confirm.js'
import {toast} from '../toast.js'
import {t} from '../words.js'
import {Answer} from './answer.js'
import {bodyOf} from './ask.js'
import {Tree, emptyAnswer, newHead, question, titleFrom, titleOf} from './conversations.js'
import {exportJson, exportMarkdown} from './export.js'
import {enlarge, openFile} from './lightbox.js'
import {AnswerView, QuestionView} from './message.js'
import {Follower} from './scroll.js'
import {tellOthers} from './shelf.js'

const byId = id => document.getElementById(id)

export class Talk {
  tree = null
  views = []
  opening = null

  /** `running`: answers under way by the id of their conversation, which outlive being looked at;
   *  `onchange(head)` is called when a head changed, `onbusy()` when an answer begins or ends. */
  constructor(shelf, running, {onchange, onbusy}) {
    Object.assign(this, {shelf, running, onchange, onbusy, host: byId('said'), start: byId('start'), said: byId('progress')})
    this.follower = new Follower(byId('scroller'), byId('scrolled'), byId('to-end'))
    this.host.addEventListener('click', event => this.act(event))
    byId('title').addEventListener('change', () => this.rename(byId('title').value))
    byId('system').addEventListener('change', () => this.setSystem())
    byId('export-json').addEventListener('click', () => this.tree && exportJson([[this.tree.head, this.tree.all()]], titleOf(this.tree.head)))
    byId('export-markdown').addEventListener('click', () => this.tree && exportMarkdown(this.tree))
  }

  get answer() {
    return this.tree && this.running.get(this.tree.head.id)
  }

  /** Open a conversation by its id, or an empty one for ''. */
  async open(id) {
    this.opening = id
    const tree = id && (this.running.get(id)?.tree ?? await this.read(id))
    if (this.opening !== id) return // another was opened meanwhile
    this.tree = tree || null
    this.host.replaceChildren()
    this.views = []
    this.show()
    this.showHead(id && !tree)
    this.follower.toEnd()
    this.onbusy()
  }

  async read(id) {
    const head = await this.shelf.conversation(id)
    return head && new Tree(head, await this.shelf.messages(id))
  }

  showHead(missing = false) {
    const head = this.tree?.head
    byId('title').value = head ? head.title : ''
    byId('title').disabled = !head
    byId('system').value = head?.system ?? ''
    byId('system-box').open = false
    this.showSystem()
    for (const one of document.querySelectorAll('[data-needs-conversation]')) one.disabled = !head
    byId('missing').hidden = !missing
    const title = head ? titleOf(head) : t('Chat')
    document.title = `${title} · gemini_pool`
  }

  showSystem() {
    byId('system-said').textContent = byId('system').value.trim().split('\n', 1)[0]
  }

  /** Bring the page to the branch that is looked at; what is there already stays. */
  show() {
    const path = this.tree?.path() ?? []
    this.start.hidden = path.length > 0
    let same = 0
    while (same < path.length && this.views[same]?.message === path[same]) this.views[same++].refresh()
    for (const view of this.views.splice(same)) view.element.remove()
    for (const message of path.slice(same)) this.append(message)
  }

  append(message) {
    const answer = this.answer?.message === message ? this.answer : null
    const view = message.role === 'user' ? new QuestionView(message, this.tree) : new AnswerView(message, this.tree, Boolean(answer))
    this.views.push(view)
    this.host.append(view.element)
    if (answer) this.watch(answer, view)
  }

  watch(answer, view) {
    const seen = () => view.element.isConnected
    answer.onchange = () => seen() && (view.growing ? view.grow() : view.refresh())
    answer.onend = () => { if (seen()) view.end() }
  }

  /** Ask something at the end of the branch. */
  async ask(text, files, model) {
    if (!this.tree) this.begin(model)
    const last = this.tree.path().at(-1)
    await this.askAfter(last?.id ?? '', text, files, model)
  }

  begin(model) {
    this.tree = new Tree(newHead({model, system: byId('system').value}))
    history.pushState(null, '', `#${this.tree.head.id}`)
    this.opening = this.tree.head.id
  }

  async askAfter(parent, text, files, model) {
    const {tree} = this
    const asked = question(tree.head.id, parent, text, files)
    tree.add(asked)
    if (!tree.head.title && !tree.head.named) tree.head.title = titleFrom(asked)
    await this.keep(asked)
    this.showHead()
    await this.answerTo(asked, model)
  }

  /** Let the pool answer a question, beside the answers that it has. */
  async answerTo(asked, model) {
    const {tree} = this
    const path = tree.pathTo(asked)
    const message = emptyAnswer(tree.head.id, asked.id, model)
    const answer = new Answer(message, bodyOf(tree.head, path, model), one => this.put(null, one))
    answer.tree = tree
    this.running.set(tree.head.id, answer)
    tree.add(message)
    Object.assign(tree.head, {model, updated: Date.now()})
    this.show()
    this.follower.toEnd()
    this.onbusy()
    this.said.textContent = t('The answer is on its way.')
    await this.keep(message)
    this.attend(answer, tree.head)
  }

  /** See an answer to its end. */
  async attend(answer, head) {
    await answer.run()
    this.running.delete(head.id)
    if (answer.discarded) return
    this.onchange(head)
    this.onbusy()
    if (this.tree?.head === head) this.said.textContent = answer.message.end === 'done' ? t('The answer is there.') : t('The answer ended early.')
    tellOthers(head.id)
    await answer.askWhoAnswered()
  }

  stop() {
    this.answer?.stop()
  }

  /** What the buttons below and within a message do. */
  act(event) {
    const button = event.target.closest('[data-do]')
    const view = this.views.find(one => one.element.contains(button))
    if (!view) return
    const {message} = view
    const image = button.querySelector('img')
    const deeds = {
      copy: () => this.copy(message.text),
      'copy-code': () => this.copy(button.closest('figure').querySelector('code').textContent),
      enlarge: () => enlarge(image.src, image.alt),
      'open-file': () => openFile(message.files[button.dataset.file]),
      edit: () => this.edit(view),
      again: () => this.again(message),
      before: () => this.turnTo(view, -1),
      after: () => this.turnTo(view, 1),
    }
    deeds[button.dataset.do]?.()
  }

  async copy(text) {
    const done = await copy(text)
    toast(done ? t('Copied.') : t('The browser does not let this page copy. Select the text and copy it by hand.'), done ? 'good' : 'warn')
  }

  /** Ask a question in other words: a branch of its own. */
  edit(view) {
    if (this.answer) return this.busy()
    return view.edit(text => {
      const {message} = view
      const changed = text !== null && text !== message.text && (text || message.files.length)
      if (changed) this.askAfter(message.parent, text, message.files, this.model())
      else view.element.querySelector('[data-do="edit"]')?.focus()
    })
  }

  /** Another answer to the same question. One that never came makes place for it. */
  async again(message) {
    if (this.answer) return this.busy()
    const asked = this.tree.pathTo(message).at(-2)
    if (!message.text) {
      this.tree.remove(message)
      await this.shelf.drop(message.id)
    }
    return this.answerTo(asked, this.model())
  }

  /** Look at the branch before or after. The focus stays where it was, for who turns pages by keyboard. */
  turnTo(view, step) {
    if (this.answer) return this.busy()
    const at = this.views.indexOf(view)
    const all = this.tree.siblings(view.message)
    this.tree.choose(all[all.indexOf(view.message) + step])
    this.show()
    const foot = this.views[at].element.querySelector('.branches')
    const [before, after] = foot.querySelectorAll('button')
    const wanted = step < 0 ? before : after
    const target = wanted.disabled ? (step < 0 ? after : before) : wanted
    target.focus()
    return this.keep()
  }

  /** Edit the last question. */
  editLast() {
    const view = this.views.findLast(one => one.message.role === 'user')
    if (view) this.edit(view)
  }

  busy() {
    toast(t('An answer is on its way. Stop it first, or wait for its end.'))
  }

  model() {
    return byId('model').value
  }

  async rename(title) {
    const {head} = this.tree
    head.title = title.trim().slice(0, 200)
    head.named = Boolean(head.title)
    if (!head.named) head.title = titleFrom(this.tree.path()[0])
    this.showHead()
    await this.keep()
  }

  async setSystem() {
    this.showSystem()
    if (!this.tree) return
    this.tree.head.system = byId('system').value
    await this.keep()
  }

  /** Forget this conversation, after a yes. */
  async forget(list) {
    const {head} = this.tree
    const sure = await confirmed(t('Delete “{title}”? Nothing but this browser has it.', {title: titleOf(head)}), t('Delete'))
    if (sure) await list.forget([head.id])
  }

  /** Keep the head, and messages of it. */
  async keep(...messages) {
    const {head} = this.tree
    this.onchange(head)
    await this.put(head, ...messages)
    tellOthers(head.id)
  }

  async put(head, ...messages) {
    try {
      await this.shelf.keep(head, ...messages)
    } catch {
      toast(t('This browser could not keep the conversation; its room for this page may be used up. Export what you want to have.'), 'warn')
    }
  }
}
