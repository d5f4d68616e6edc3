// A look into a file leaves the page, and with it the chosen file, where it is.
import {toast} from './toast.js'
import {t} from './words.js'

const form = document.getElementById('import')
document.documentElement.classList.add('scripted')

form?.addEventListener('submit', async event => {
  if (event.submitter?.hasAttribute('formaction')) return
  event.preventDefault()
  form.setAttribute('aria-busy', 'true')
  const response = await fetch(form.action, {method: 'POST', body: new FormData(form), headers: {accept: 'text/html'}}).catch(() => null)
  const page = response ? new DOMParser().parseFromString(await response.text(), 'text/html') : null
  const fresh = page?.getElementById('preview')
  form.removeAttribute('aria-busy')
  if (!fresh) return toast(t('The server cannot be reached. Look at your connection and try again.'), 'bad')
  document.getElementById('preview').replaceWith(document.importNode(fresh, true))
  return undefined
})

// Another file, or another way: what was shown is true no more.
form?.addEventListener('change', () => document.getElementById('preview').replaceChildren())
