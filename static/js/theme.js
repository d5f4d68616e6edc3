// Before the first paint: light or dark, as chosen or as the system says. Not a module, so that it blocks.
{
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)')
  const paint = () => {
    const dark = root.dataset.theme === 'dark' || (root.dataset.theme === 'auto' && system.matches)
    root.dataset.bsTheme = dark ? 'dark' : 'light'
  }
  paint()
  system.addEventListener('change', paint)
  document.addEventListener('click', event => {
    const choice = event.target.closest?.('[data-theme-choice]')
    if (!choice || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    root.dataset.theme = choice.dataset.themeChoice
    const secure = location.protocol === 'https:' ? '; Secure' : ''
    document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`
    for (const one of choice.parentElement.children) one.removeAttribute('aria-current')
    choice.setAttribute('aria-current', 'true')
    paint()
  })
}
