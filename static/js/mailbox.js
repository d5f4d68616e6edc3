// "Test mailbox" asks without leaving the page, so that what was typed stays: what is told is taken out of the
// page that the form would have led to.
import {toast} from './toast.js'
import {t} from './words.js'

const form = document.getElementById('mailbox-form')

form?.addEventListener('submit', event => {
  if (!event.submitter?.hasAttribute('formaction')) return
  event.preventDefault()
  test(event.submitter)
})

async function test(button) {
  if (button.getAttribute('aria-busy')) return
  button.setAttribute('aria-busy', 'true')
  document.getElementById('mailbox-tried').replaceChildren(t('Trying…'))
  try {
    const response = await fetch(button.formAction, {method: 'POST', body: new FormData(form)})
    if (response.redirected) return location.reload() // signed out meanwhile
    show(new DOMParser().parseFromString(await response.text(), 'text/html'))
  } catch {
    document.getElementById('mailbox-tried').replaceChildren()
    toast(t('The server cannot be reached. Look at your connection and try again.'), 'bad')
  } finally {
    button.removeAttribute('aria-busy')
  }
}

function show(page) {
  const told = page.getElementById('mailbox-tried')
  if (!told) return location.reload()
  document.getElementById('mailbox-tried').replaceWith(document.importNode(told, true))
  for (const input of form.querySelectorAll('.field > input')) wrong(input, page.getElementById(`${input.id}-error`))
  form.querySelector('[aria-invalid="true"]')?.focus()
}

/** Put what is wrong beside its field, or take away what was. */
function wrong(input, error) {
  document.getElementById(`${input.id}-error`)?.remove()
  input.parentElement.classList.toggle('has-error', Boolean(error))
  input.toggleAttribute('aria-invalid', Boolean(error))
  if (!error) return
  input.setAttribute('aria-invalid', 'true')
  input.after(document.importNode(error, true))
}
