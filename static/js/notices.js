// What the pool tells of trouble, on whatever page is open. An event says which alert it is; its words are those of
// the page of alerts, in the reader's language.
import {watch} from './live.js'
import {toast} from './toast.js'

const ALERTS = '/activity/alerts'

/** From now on. */
export function start() {
  watch(['notification'], (name, detail) => { if (detail?.ref) say(detail.ref) })
}

async function say(id) {
  const response = await fetch(ALERTS, {headers: {accept: 'text/html'}}).catch(() => null)
  if (!response?.ok || response.redirected) return
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const alert = page.getElementById(`alert-${id}`)
  if (alert) toast(alert.querySelector('.timeline-text').textContent, alert.dataset.tone, alert.dataset.href)
}
