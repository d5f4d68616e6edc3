// The way to /api/…: the CSRF token goes along, and what comes back wrong becomes a sentence.
import {t} from './words.js'

/** A refusal. `status` is 0 when there was no answer; `fields` are texts by field name. */
export class ApiError extends Error {
  constructor(message, status, fields = {}) {
    super(message)
    this.status = status
    this.fields = fields
  }
}

/** Ask the API: its JSON, or null for an empty answer. Throws ApiError; without sign-in it goes to /login. */
export async function api(path, {method = 'GET', body, signal} = {}) {
  const headers = {accept: 'application/json'}
  if (method !== 'GET') headers['x-csrf-token'] = document.querySelector('meta[name="csrf-token"]').content
  if (body !== undefined && !(body instanceof FormData)) {
    headers['content-type'] = 'application/json'
    body = JSON.stringify(body)
  }
  const response = await answer(path, {method, headers, body, signal})
  const told = await json(response)
  if (response.status === 401) signIn()
  if (response.ok) return told
  throw new ApiError(sentence(response.status, told), response.status, told?.fields)
}

/** Put what is wrong beside the fields of a form, as templates/components/forms.html does; what fits nowhere
 *  is returned. */
export function showErrors(form, fields) {
  for (const old of form.querySelectorAll('.field-error')) old.remove()
  const nowhere = []
  for (const [name, text] of Object.entries(fields)) {
    const input = form.elements[name]
    const field = input?.closest?.('.field')
    if (!field) { nowhere.push(text); continue }
    const error = Object.assign(document.createElement('p'), {className: 'field-error', id: `${name}-error`})
    error.textContent = text
    field.classList.add('has-error')
    input.setAttribute('aria-invalid', 'true')
    input.setAttribute('aria-describedby', `${name}-error`)
    input.after(error)
  }
  form.querySelector('[aria-invalid="true"]')?.focus()
  return nowhere
}

function signIn() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`)
}

async function answer(path, options) {
  try {
    return await fetch(path, options)
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw new ApiError(t('The server cannot be reached. Look at your connection and try again.'), 0)
  }
}

async function json(response) {
  try {
    return await response.json()
  } catch {
    return null
  }
}

function sentence(status, told) {
  if (typeof told?.error === 'string') return told.error
  if (typeof told?.error?.message === 'string') return told.error.message
  return t('The server answered with status {status} and no explanation. Its log may have one.', {status})
}
