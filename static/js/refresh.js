// Parts of a page with an id and data-live="account_update …" are fetched anew when such a thing happens, from
// the page's own address, and what needs a script in them is mounted again.
import {NAMES, watch} from './live.js'
import {tick} from './time.js'

const PAUSE_MS = 1000

/** Begin; `mount` brings a new part to life. */
export function start(mount) {
  let waiting = null
  const asked = new Set()
  watch(NAMES, name => {
    asked.add(name)
    waiting ??= setTimeout(async () => {
      const names = new Set(asked)
      waiting = null
      asked.clear()
      await refresh(names, mount)
    }, PAUSE_MS)
  })
}

async function refresh(names, mount) {
  const parts = [...document.querySelectorAll('[data-live][id]')].filter(part => wants(part, names))
  if (!parts.length) return
  const response = await fetch(location.href, {headers: {accept: 'text/html'}}).catch(() => null)
  if (!response?.ok || response.redirected) return // what is there is better than nothing
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of parts) replace(part, fresh.getElementById(part.id), mount)
}

function wants(part, names) {
  return names.has('poll') || part.dataset.live.split(' ').some(name => names.has(name))
}

/** A part that somebody is working in stays as it is. */
function replace(part, fresh, mount) {
  if (!fresh || !part.isConnected || part.contains(document.activeElement)) return
  if (part.dataset.busy || part.querySelector('details[open], .hint')) return
  const made = document.importNode(fresh, true)
  part.replaceWith(made)
  tick(made)
  mount(made)
}
