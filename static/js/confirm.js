// Forms with data-confirm are sent after a yes. Without scripts they are sent at once.

/** Ask in the page's own dialog: true for yes. */
export function confirmed(text, verb) {
  const dialog = document.getElementById('confirm')
  const [no, yes] = ['no', 'yes'].map(answer => dialog.querySelector(`[data-answer="${answer}"]`))
  dialog.querySelector('#confirm-text').textContent = text
  yes.textContent = verb
  return new Promise(resolve => {
    yes.onclick = () => dialog.close('yes')
    no.onclick = () => dialog.close('no')
    dialog.onclose = () => resolve(dialog.returnValue === 'yes')
    dialog.returnValue = ''
    dialog.showModal()
  })
}

/** Answer to every such form, also those that come later. */
export function start() {
  document.addEventListener('submit', async event => {
    const {confirm, confirmVerb} = event.target.dataset
    if (!confirm || event.target.confirmed) return
    event.preventDefault()
    const {submitter} = event
    if (!await confirmed(confirm, confirmVerb)) return
    event.target.confirmed = true
    event.target.requestSubmit(submitter)
    event.target.confirmed = false
  })
}
