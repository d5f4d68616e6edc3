// What lies over the page goes away by Escape or by a click beside it: menus behind "…", and side sheets.

export function start() {
  document.addEventListener('toggle', event => event.target.matches?.('details.more[open]') && place(event.target), true)
  document.addEventListener('click', event => closeMenus(event.target))
  document.addEventListener('keydown', event => event.key === 'Escape' && escape())
  document.getElementById('sheet-title')?.focus()
}

/** Beside its button, and not cut off by a table that scrolls. */
function place(menu) {
  const list = menu.querySelector('.more-list')
  Object.assign(list.style, {position: 'fixed', right: 'auto', left: '0'}) // at the edge it would be measured too narrow
  const {right, top, bottom} = menu.getBoundingClientRect()
  const below = bottom + list.offsetHeight + 4 < innerHeight
  const left = Math.max(8, right - list.offsetWidth)
  Object.assign(list.style, {left: `${left}px`, top: `${below ? bottom : top - list.offsetHeight - 8}px`})
  addEventListener('scroll', () => { menu.open = false }, {capture: true, once: true})
}

function closeMenus(but) {
  for (const menu of document.querySelectorAll('details.more[open]')) if (!menu.contains(but)) menu.open = false
}

function escape() {
  const menu = document.querySelector('details.more[open]')
  const sheet = document.querySelector('.sheet')
  if (document.querySelector('dialog[open]')) return
  if (menu) {
    menu.open = false
    menu.querySelector('summary').focus()
  } else if (sheet) {
    location.assign(sheet.dataset.close)
  }
}
