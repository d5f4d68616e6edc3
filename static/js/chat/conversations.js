// A conversation is a tree: whoever edits a question or asks for another answer begins a branch, and the head
// remembers which branch is looked at (`chosen`: by the id of a message, '' for the beginning, that of the next).
import {t} from '../words.js'

const TITLE = 60

/** The head of a new conversation. */
export function newHead({model, system}) {
  const now = Date.now()
  return {id: newId(), title: '', named: false, model, system, made: now, updated: now, chosen: {}}
}

/** A question: `files` as attach.js has them. */
export function question(conversation, parent, text, files = []) {
  return {id: newId(), conversation, parent, role: 'user', text, files, at: Date.now()}
}

/** An answer that is still to come. `end` becomes done, stopped, cut or failed; in a message that was kept
 *  without one the page was closed before. */
export function emptyAnswer(conversation, parent, model) {
  return {
    id: newId(), conversation, parent, role: 'assistant', text: '', thoughts: '', files: [], sources: [], model, at: Date.now(),
    end: null, error: null, requestId: '', account: null, firstMs: null, totalMs: null,
  }
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12)) // randomUUID is not there over plain http
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** What a conversation is called, also before anything was said. */
export function titleOf(head) {
  return head.title || t('New chat')
}

/** A title out of a first question. */
export function titleFrom(message) {
  const line = message.text.trim().split('\n', 1)[0].replace(/\s+/g, ' ') || message.files[0]?.name || ''
  return line.length > TITLE ? `${line.slice(0, TITLE - 1).trimEnd()}…` : line
}

/** A head and its messages, as a tree. */
export class Tree {
  constructor(head, messages = []) {
    this.head = head
    this.children = new Map()
    for (const message of messages.toSorted((a, b) => a.at - b.at)) this.grow(message)
  }

  /** Add a message, which is looked at from now on. */
  add(message) {
    this.grow(message)
    this.choose(message)
  }

  choose(message) {
    this.head.chosen[message.parent] = message.id
  }

  remove(message) {
    const all = this.siblings(message)
    all.splice(all.indexOf(message), 1)
    delete this.head.chosen[message.parent]
  }

  siblings(message) {
    return this.children.get(message.parent) ?? []
  }

  /** The messages that are looked at, from the first to the last. */
  path() {
    const path = []
    for (let next = this.next(''); next; next = this.next(next.id)) path.push(next)
    return path
  }

  /** Those before a message, and itself. */
  pathTo(message) {
    const path = this.path()
    return path.slice(0, path.indexOf(message) + 1)
  }

  all() {
    return [...this.children.values()].flat()
  }

  next(id) {
    const all = this.children.get(id) ?? []
    return all.find(one => one.id === this.head.chosen[id]) ?? all.at(-1)
  }

  grow(message) {
    const all = this.children.get(message.parent)
    if (all) all.push(message)
    else this.children.set(message.parent, [message])
  }
}
