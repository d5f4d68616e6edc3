// An answer that did not come, or not to its end: what happened, and what to do about it.
import {element, icon} from '../dom.js'
import {duration} from '../time.js'
import {t} from '../words.js'

/** What to say below an answer, as an element; null when all went well. */
export function trouble(message) {
  if (message.end === 'done') return null
  if (message.end === 'stopped') return note('', t('You stopped this answer.'))
  if (message.end === 'failed') return refused(message)
  const why = message.end === 'cut'
    ? t('The answer ends early: the connection broke before its end.')
    : t('The page was closed before this answer came to its end.')
  return note('warn', why, again())
}

function refused(message) {
  const [advice, ...ways] = advised(message.error, message.requestId)
  const words = message.error.message ? [element('small', {class: 'quiet words'}, message.error.message)] : []
  const early = message.text ? [element('p', {}, t('The answer ends early.'))] : []
  return note('bad', advice, ...early, ...words, element('div', {class: 'row-wrap'}, ...ways))
}

function advised({status, code, param, retryAfter}, requestId) {
  if (status === 0) return [t('The server cannot be reached. Look at your connection and try again.'), again()]
  if (status === 401 || status === 403) return [t('Your sign-in has ended. Sign in again; this conversation is kept.'), way(t('Sign in'), `/login?next=${encodeURIComponent(location.pathname + location.hash)}`)]
  if (status === 413) return [t('This is more than the server takes at once. Send less of it.')]
  if (status === 404 && param === 'model') return [t('This model is not to be had. Choose another one below and try again.'), again()]
  if (status === 404) return [t('A file of this conversation is not kept any more. Edit the question it came with, or attach it again.')]
  if (code === 'content_filter') return [t('The service refuses to answer this. Word it differently.'), again()]
  if (status === 429 || code === 'rate_limit_exceeded') return [retryAfter ? t('A limit is reached. Try again in {time}.', {time: duration(retryAfter)}) : t('A limit is reached. Try again later.'), again(), way(t('Look at the accounts'), '/accounts')]
  if (status === 503 || code === 'no_account_available' || code === 'overloaded') return [t('No account can answer now.'), again(), way(t('Look at the accounts'), '/accounts')]
  if (status === 400) return [t('The server does not take this question as it is.'), again()]
  const found = requestId ? [way(t('See what happened'), `/activity?text=${encodeURIComponent(requestId)}`)] : []
  return [t('Something went wrong on the way to the answer.'), again(), ...found]
}

function note(tone, text, ...more) {
  const picture = {warn: 'exclamation-triangle-fill', bad: 'x-octagon-fill'}[tone] ?? 'info-circle-fill'
  const role = tone === 'bad' ? {role: 'alert'} : {}
  return element('div', {class: `message ${tone && `tone-${tone}`}`, ...role}, icon(picture), element('div', {}, element('p', {}, text), ...more))
}

function again() {
  return element('button', {class: 'btn btn-quiet btn-sm', type: 'button', 'data-do': 'again'}, icon('arrow-clockwise'), element('span', {}, t('Try again')))
}

function way(text, href) {
  return element('a', {class: 'btn btn-quiet btn-sm', href}, text)
}
