// A page that came as the answer to a form: loaded anew it is the page of what was made, not the form once more.
const made = document.querySelector('[data-made-at]')
if (made) history.replaceState(null, '', made.dataset.madeAt)
