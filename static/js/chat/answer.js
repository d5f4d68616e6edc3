// An answer under way: it fills its message, whether anybody looks or not.
import {api} from '../api.js'
import {ask} from './stream.js'

const KEEP_MS = 1500
const JOURNAL_MS = [300, 900, 2500] // the journal is written in batches

/** `keep(message)` is called now and then and at the end; `onchange` and `onend` are whoever looks. */
export class Answer {
  onchange = () => {}
  onend = () => {}
  discarded = false

  constructor(message, body, keep) {
    Object.assign(this, {message, body, keep, gone: new AbortController(), begun: performance.now()})
  }

  /** Give it up; what has come stays, and the pool closes its line to the service. */
  stop() {
    this.gone.abort()
  }

  /** Give it up for good: it belongs to nothing that is kept any more. */
  discard() {
    this.discarded = true
    this.keep = () => {}
    this.stop()
  }

  /** To its end, whichever that is. */
  async run() {
    const {message} = this
    const timer = setInterval(() => this.keep(message), KEEP_MS)
    try {
      await ask(this.body, this.gone.signal, event => this.hear(event))
      message.end ??= 'cut'
    } catch (error) {
      this.failed(error)
    } finally {
      clearInterval(timer)
    }
    message.totalMs = this.elapsed()
    this.keep(message)
    this.onend()
  }

  hear({requestId, text, thought, sources, error, done}) {
    const {message} = this
    if (requestId) message.requestId = requestId
    if (text || thought) message.firstMs ??= this.elapsed()
    if (text) message.text += text
    if (thought) message.thoughts += thought
    if (sources) message.sources.push(...sources)
    if (error) Object.assign(message, {end: 'failed', error})
    if (done) message.end = 'done'
    this.onchange()
  }

  failed(error) {
    const {message} = this
    if (this.gone.signal.aborted) message.end = 'stopped'
    else if (message.requestId) message.end = 'cut' // the line broke when it was there
    else Object.assign(message, {end: 'failed', error: {status: 0, message: '', code: '', param: '', retryAfter: null}})
    if (!(error instanceof TypeError || error.name === 'AbortError' || this.gone.signal.aborted)) console.error(error)
  }

  /** The journal knows which account it was. */
  async askWhoAnswered() {
    const {message} = this
    if (!message.requestId || !message.text) return
    for (const wait of JOURNAL_MS) {
      await new Promise(resolve => { setTimeout(resolve, wait) })
      const found = await accountOf(message.requestId).catch(() => null)
      if (found) {
        message.account = found
        this.keep(message)
        this.onchange()
        return
      }
    }
  }

  elapsed() {
    return Math.round(performance.now() - this.begun)
  }
}

async function accountOf(requestId) {
  const {calls} = await api(`/api/calls?limit=1&text=${encodeURIComponent(requestId)}`)
  const id = calls[0]?.account_id
  if (!id) return null
  const {account} = await api(`/api/accounts/${id}`)
  return {id, name: account.name || account.email || `#${id}`}
}
