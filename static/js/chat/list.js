// The conversations this browser keeps: the latest first, by the day; searched by title and by what was said.
import {confirmed} from '../confirm.js'
import {element} from '../dom.js'
import {clock} from '../time.js'
import {toast} from '../toast.js'
import {t, tn} from '../words.js'
import {titleOf} from './conversations.js'
import {exportJson} from './export.js'
import {imported} from './import.js'
import {tellOthers} from './shelf.js'

const TYPING_MS = 150
const DAY = 86_400_000

export class ConversationList {
  heads = []
  found = null
  search = null

  /** `running` are the ids of conversations with an answer under way; `onforgotten` gets ids. */
  constructor(shelf, running, onforgotten) {
    Object.assign(this, {shelf, running, onforgotten, place: document.getElementById('chats'), host: document.getElementById('chats-list')})
    this.input = document.getElementById('chats-search')
    this.input.addEventListener('input', () => this.type())
    document.getElementById('export-all').addEventListener('click', () => this.exportAll())
    document.getElementById('forget-all').addEventListener('click', () => this.forgetAll())
    const picked = document.getElementById('import-file')
    document.getElementById('import').addEventListener('click', () => picked.click())
    picked.addEventListener('change', () => this.import(picked))
  }

  async load() {
    this.heads = await this.shelf.conversations()
    this.show()
  }

  /** A head is new, or changed. */
  put(head) {
    this.heads = [head, ...this.heads.filter(one => one.id !== head.id)]
    this.show()
  }

  async forget(ids) {
    await this.shelf.forget(ids)
    this.heads = this.heads.filter(one => !ids.includes(one.id))
    this.onforgotten(ids)
    this.show()
    tellOthers(null)
  }

  /** Mark the one that is open. */
  open(id) {
    this.opened = id
    for (const link of this.host.querySelectorAll('a')) this.mark(link)
  }

  mark(link) {
    if (link.hash === `#${this.opened}`) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }

  show() {
    const wanted = this.input.value.trim().toLowerCase()
    const some = this.heads.filter(head => !wanted || titleOf(head).toLowerCase().includes(wanted) || this.found?.has(head.id))
    const parts = []
    let word = null
    for (const head of some.sort((a, b) => b.updated - a.updated)) {
      if (word !== (word = dayOf(head.updated))) parts.push(element('li', {class: 'chats-day'}, word))
      parts.push(this.row(head))
    }
    if (!parts.length) parts.push(element('li', {class: 'chats-none quiet'}, wanted ? t('Nothing of the kind was said here.') : t('What you ask appears here.')))
    this.host.replaceChildren(...parts)
  }

  row(head) {
    const link = element('a', {href: `#${head.id}`, title: `${titleOf(head)}\n${clock(head.updated / 1000)}`}, element('span', {}, titleOf(head)))
    if (this.running.has(head.id)) link.append(element('small', {class: 'quiet'}, t('answering')))
    this.mark(link)
    return element('li', {}, link)
  }

  /** Titles at once, texts when one pauses. */
  type() {
    this.search?.abort()
    this.search = new AbortController()
    this.found = null
    this.show()
    const wanted = this.input.value.trim()
    const {signal} = this.search
    if (wanted) setTimeout(() => signal.aborted || this.look(wanted, signal), TYPING_MS)
  }

  async look(wanted, signal) {
    const found = await this.shelf.search(wanted, signal)
    if (signal.aborted) return
    this.found = found
    this.show()
  }

  async exportAll() {
    if (!this.heads.length) return toast(t('There is no conversation yet.'))
    const all = await Promise.all(this.heads.map(async head => [head, await this.shelf.messages(head.id)]))
    return exportJson(all, t('Conversations'))
  }

  async import(picked) {
    const [file] = picked.files
    if (!file) return
    picked.value = ''
    try {
      const all = imported(await file.text())
      for (const [head, messages] of all) await this.shelf.keep(head, ...messages)
      await this.load()
      tellOthers(null)
      toast(tn('One conversation was added.', '{n} conversations were added.', all.length), 'good')
    } catch (error) {
      toast(error.message, 'bad')
    }
  }

  async forgetAll() {
    const n = this.heads.length
    if (!n) return toast(t('There is no conversation yet.'))
    const sure = await confirmed(tn('Delete the one conversation of this browser? Nothing else has it.', 'Delete all {n} conversations of this browser? Nothing else has them.', n), t('Delete'))
    return sure && this.forget(this.heads.map(head => head.id))
  }
}

function dayOf(moment) {
  const today = new Date().setHours(0, 0, 0, 0)
  if (moment >= today) return t('Today')
  if (moment >= today - DAY) return t('Yesterday')
  return moment >= today - 7 * DAY ? t('The last seven days') : t('Earlier')
}
