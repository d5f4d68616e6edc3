// "Try it" beside the proxy asks without leaving the page.
import {api} from './api.js'
import {element, icon} from './dom.js'
import {t} from './words.js'

const button = document.querySelector('[data-try-proxy]')

button?.addEventListener('click', async event => {
  event.preventDefault()
  button.setAttribute('aria-busy', 'true')
  say('', t('Trying…'))
  try {
    const proxy = document.getElementById('PROXY').value
    const told = await api('/api/proxy/test', {method: 'POST', body: {proxy}})
    say(told.success ? 'good' : 'bad', told.success ? t('The service answered in {n} ms.', {n: told.delay_ms}) : told.message)
  } catch (error) {
    say('bad', error.message)
  }
  button.removeAttribute('aria-busy')
})

function say(tone, text) {
  const shown = {good: 'check-circle-fill', bad: 'x-octagon-fill'}[tone]
  const place = document.getElementById('tried')
  place.className = `tried ${tone && `tone-${tone}`}`
  place.replaceChildren(...(shown ? [icon(shown)] : []), element('span', {}, text))
}
