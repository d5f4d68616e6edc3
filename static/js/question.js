// The first question, asked of the pool by the console itself; its answer appears as it comes.
import './made.js'
import {element, icon} from './dom.js'
import {milliseconds} from './time.js'
import {t} from './words.js'

const form = document.getElementById('question')
const place = document.getElementById('answer')

form?.addEventListener('submit', async event => {
  event.preventDefault()
  const button = form.querySelector('button')
  button.disabled = true
  place.hidden = false
  try {
    await ask(form.elements.ask.value)
    document.getElementById('finished').hidden = false
  } catch (error) {
    say('bad', 'x-octagon-fill', error.message)
  }
  button.disabled = false
})

async function ask(question) {
  const began = performance.now()
  say('', 'clock-history', t('The pool is asked…'))
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    headers: {'content-type': 'application/json', 'x-csrf-token': document.querySelector('meta[name="csrf-token"]').content},
    body: JSON.stringify({model: form.dataset.model, stream: true, messages: [{role: 'user', content: question}]}),
  }).catch(() => { throw new Error(t('The server cannot be reached. Look at your connection and try again.')) })
  if (!response.ok) throw new Error((await response.json().catch(() => null))?.error?.message ?? t('The server answered with status {status} and no explanation. Its log may have one.', {status: response.status}))
  const text = element('p', {class: 'answer-text'})
  let first = 0
  for await (const piece of pieces(response)) {
    if (!first) {
      first = performance.now() - began
      place.replaceChildren(text)
    }
    text.append(piece)
  }
  if (!first) throw new Error(t('The answer was empty. Ask once more.'))
  place.append(element('small', {class: 'quiet'}, t('First words after {time}, all of it after {whole}.', {time: milliseconds(first), whole: milliseconds(performance.now() - began)})))
}

/** The words of an answer as server-sent events bring them. */
async function* pieces(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let held = ''
  for (let {done, value} = await reader.read(); !done; {done, value} = await reader.read()) {
    held += value
    const lines = held.split('\n')
    held = lines.pop()
    for (const line of lines) {
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
      const told = JSON.parse(line.slice(6))
      if (told.error) throw new Error(told.error.message)
      const content = told.choices?.[0]?.delta?.content
      if (content) yield content
    }
  }
}

function say(tone, shown, text) {
  place.replaceChildren(element('p', {class: `answer-said ${tone && `tone-${tone}`}`}, icon(shown), element('span', {}, text)))
}
