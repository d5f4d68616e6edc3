// What changes on the server, as events of the document: `pool:account_update` and so on, with what was sent as
// `detail`; `pool:poll` every ten seconds while the stream of events is not there.

export const NAMES = ['account_update', 'cookie_refresh_progress', 'job_update', 'notification', 'stats_update', 'work_progress']
const POLL_SECONDS = 10
const RETRY_SECONDS = 60

/** Call back with (name, detail) when one of these happens, and with ('poll', null) when nobody can tell. */
export function watch(names, callback) {
  for (const name of [...names, 'poll']) document.addEventListener(`pool:${name}`, event => callback(name, event.detail))
}

/** Listen from now on. */
export function start(address = '/api/events') {
  let source = null
  const listen = () => {
    source?.close()
    source = new EventSource(address)
    for (const name of NAMES) source.addEventListener(name, event => tell(name, parsed(event.data)))
  }
  listen()
  setInterval(() => { if (!document.hidden && source.readyState !== EventSource.OPEN) tell('poll', null) }, POLL_SECONDS * 1000)
  setInterval(() => { if (source.readyState === EventSource.CLOSED) listen() }, RETRY_SECONDS * 1000)
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`pool:${name}`, {detail}))
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
