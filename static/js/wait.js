// After too many tries the button waits as long as the server does, and says for how long.
import {t} from './words.js'

const form = document.querySelector('[data-wait]')
const button = form.querySelector('button')
const words = button.textContent
let left = Number(form.dataset.wait)

function count() {
  button.disabled = left > 0
  button.textContent = left > 0 ? t('Wait {n} s', {n: left}) : words
  if (left-- > 0) setTimeout(count, 1000)
  else form.querySelector('input[type="password"]').focus()
}
count()
