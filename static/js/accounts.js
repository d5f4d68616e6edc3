// The table of accounts, and an account's own page: rows that are ticked, and tests whose steps appear as they happen.
import {api} from './api.js'
import {element} from './dom.js'
import {toast} from './toast.js'
import {follow, panel, steps} from './work.js'
import {tn} from './words.js'

// The steps of tests that were begun on this page, by account.
const trials = new Map()
const TEST = /^\/accounts\/(\d+)\/test$/

document.addEventListener('change', event => event.target.matches('[data-tick-all], [name="ids"]') && ticked(event.target))
document.addEventListener('submit', event => {
  const id = TEST.exec(new URL(event.target.action).pathname)?.[1]
  if (!id) return
  event.preventDefault()
  test(id, event.target)
})
for (const host of document.querySelectorAll('[data-work]')) panel(host, host.dataset.work).catch(told)
prepare()

/** What only scripts can do is shown once they run, and put back when a part of the page was fetched anew. */
function prepare() {
  const arrange = () => {
    for (const all of document.querySelectorAll('[data-tick-all]')) all.hidden = false
    for (const [id, trial] of trials) if (!trial.isConnected) placeFor(id)?.append(trial)
  }
  arrange()
  new MutationObserver(arrange).observe(document.getElementById('content'), {childList: true})
}

function boxes() {
  return [...document.querySelectorAll('[name="ids"][form="bulk"]')]
}

function ticked(changed) {
  if (changed.matches('[data-tick-all]')) for (const one of boxes()) one.checked = changed.checked
  const count = boxes().filter(one => one.checked).length
  const all = document.querySelector('[data-tick-all]')
  if (all) Object.assign(all, {checked: count === boxes().length, indeterminate: count > 0 && count < boxes().length})
  const said = document.querySelector('.bulk-count')
  if (said && count) said.textContent = tn('{n} account is ticked', '{n} accounts are ticked', count)
  busy()
}

/** A table in which something is ticked is not fetched anew. */
function busy() {
  const section = document.getElementById('accounts')
  if (boxes().some(one => one.checked)) section.dataset.busy = 'yes'
  else delete section.dataset.busy
}

async function test(id, form) {
  const button = form.querySelector('button')
  if (trials.get(id)?.dataset.running) return
  const trial = element('div', {class: 'trial', 'aria-live': 'polite', 'data-running': 'yes'})
  trials.get(id)?.remove()
  trials.set(id, trial)
  placeFor(id).append(trial)
  button.setAttribute('aria-busy', 'true')
  try {
    const {work_id: work} = await api('/api/accounts/test', {method: 'POST', body: {ids: [Number(id)]}})
    await follow(work, ({items}) => trial.replaceChildren(...items.map(steps)))
  } catch (error) {
    told(error)
  }
  delete trial.dataset.running
  button.removeAttribute('aria-busy')
}

/** Where the steps of a test appear: in the account's row, or below its state on its own page. */
function placeFor(id) {
  return document.querySelector(`tr[data-account="${id}"] .why`) ?? document.querySelector('#state .trials')
}

function told(error) {
  toast(error.message, 'bad')
}
