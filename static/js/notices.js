// What the pool tells of trouble, on whatever page is open. An event says which alert it is; where no events come,
// those count that were not there at the look before. The words are those of the page of alerts, in the reader's
// language.
import {watch} from './live.js'
import {toast} from './toast.js'

const ALERTS = '/activity/alerts'

/** From now on. */
export function start() {
  let newest = null // nobody looked yet
  watch(['notification'], async (name, detail) => {
    const alerts = await latest()
    if (!alerts) return
    const told = detail?.ref ? [Number(detail.ref)] : [...alerts.keys()].filter(id => newest !== null && id > newest)
    newest = Math.max(newest ?? 0, ...alerts.keys())
    for (const id of told) say(alerts.get(id))
  })
}

/** The elements of the last alerts by their ids; null when they cannot be read. */
async function latest() {
  const response = await fetch(ALERTS, {headers: {accept: 'text/html'}}).catch(() => null)
  if (!response?.ok || response.redirected) return null
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  return new Map([...page.querySelectorAll('[id^="alert-"]')].map(one => [Number(one.id.slice(6)), one]))
}

function say(alert) {
  if (alert) toast(alert.querySelector('.timeline-text').textContent, alert.dataset.tone, alert.dataset.href)
}
