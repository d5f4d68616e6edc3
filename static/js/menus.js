// What lies over the page goes away by Escape or by a click beside it: menus behind "…", and side sheets.

export function start() {
  document.addEventListener('click', event => closeMenus(event.target))
  document.addEventListener('keydown', event => event.key === 'Escape' && escape())
  document.getElementById('sheet-title')?.focus()
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
