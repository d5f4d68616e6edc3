// Conversations out of a file. Whoever wrote it, only what a conversation has comes in, each of its own kind.
import {t} from '../words.js'
import {newId} from './conversations.js'
import {FORMAT} from './export.js'
import {shownPicture} from './media.js'

const ENDS = ['done', 'stopped', 'cut', 'failed']

/** [head, messages] of each conversation in a file's text; throws Error with a sentence. */
export function imported(text) {
  let told = null
  try {
    told = JSON.parse(text)
  } catch {
    // said below
  }
  if (told?.format !== FORMAT || !Array.isArray(told.conversations)) {
    throw new Error(t('This is no file of conversations. Choose one that was exported here as JSON.'))
  }
  return told.conversations.map(conversation)
}

/** Under ids of its own: a file that is read twice overwrites nothing. */
function conversation(given) {
  const messages = Array.isArray(given?.messages) ? given.messages : []
  const ids = new Map([...messages.map(one => [string(one?.id), newId()]), ['', '']])
  const head = {
    id: newId(), title: string(given?.title).slice(0, 200), named: true, model: string(given?.model), system: string(given?.system),
    made: moment(given?.made), updated: moment(given?.updated), chosen: chosen(given?.chosen, ids),
  }
  return [head, messages.filter(one => ids.has(string(one?.parent))).map(one => message(one, head.id, ids))]
}

function message(given, conversation, ids) {
  const common = {
    id: ids.get(string(given.id)), conversation, parent: ids.get(string(given.parent)), text: string(given.text),
    files: list(given.files).map(file).filter(one => one.fileId || one.url), at: moment(given.at),
  }
  if (given.role === 'user') return {...common, role: 'user'}
  return {
    ...common, role: 'assistant', thoughts: string(given.thoughts), model: string(given.model), requestId: string(given.requestId),
    sources: list(given.sources).map(one => ({url: string(one?.url), title: string(one?.title)})),
    end: ENDS.includes(given.end) ? given.end : 'cut', error: given.end === 'failed' ? error(given.error) : null,
    account: Number.isInteger(given.account?.id) ? {id: given.account.id, name: string(given.account.name)} : null,
    firstMs: number(given.firstMs), totalMs: number(given.totalMs),
  }
}

function file(given) {
  const [url, thumb] = [given?.url, given?.thumb].map(one => string(one).startsWith('data:') ? shownPicture(one) ?? '' : '')
  const about = {name: string(given?.name), type: string(given?.type), size: number(given?.size) ?? 0, thumb}
  return url ? {...about, url} : {...about, fileId: string(given?.fileId)}
}

function error(given) {
  return {status: number(given?.status) ?? 0, message: string(given?.message), code: string(given?.code), param: string(given?.param), retryAfter: null}
}

function chosen(given, ids) {
  const pairs = Object.entries(given && typeof given === 'object' ? given : {}).map(pair => pair.map(id => ids.get(string(id))))
  return Object.fromEntries(pairs.filter(pair => !pair.includes(undefined)))
}

function list(given) { return Array.isArray(given) ? given : [] }
function string(given) { return typeof given === 'string' ? given : '' }
function number(given) { return Number.isFinite(given) ? given : null }
function moment(given) { return number(given) ?? Date.now() }
