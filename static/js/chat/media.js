// Which addresses in an answer are followed, and which pictures and films are shown. Others' are links: nobody's
// host learns that an answer was read.
const {base = '', media = ''} = document.getElementById('talk')?.dataset ?? {}
const HOSTS = media.split(' ').filter(Boolean)
const FOLLOWED = ['http:', 'https:', 'mailto:']
const MADE = /^\/(?:image|video)\/[^/]+$/
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif|bmp)[;,]/i

/** The address of a link that may be followed, or null. */
export function followed(address) {
  const url = parsed(address)
  return url && FOLLOWED.includes(url.protocol) ? url.href : null
}

/** The address of a picture that may be shown, or null. */
export function shownPicture(address) {
  return PICTURE.test(address) ? address : shown(address)
}

/** The address of a film that may be shown, or null. */
export function shownFilm(address) {
  const url = shown(address)
  return url && /\/video\/[^/]+\.\w+$|\.(?:mp4|webm|mov)$/i.test(new URL(url, location.href).pathname) ? url : null
}

/** Ours, by whatever name we are called, or an image host's. */
function shown(address) {
  const url = parsed(address)
  if (!url) return null
  const here = url.origin === location.origin || (base && url.href.startsWith(`${base}/`))
  if (here) return MADE.test(url.pathname) ? url.pathname : null
  return HOSTS.includes(url.origin) ? url.href : null
}

function parsed(address) {
  try {
    return new URL(address, MADE.test(address) ? location.href : undefined)
  } catch {
    return null
  }
}
