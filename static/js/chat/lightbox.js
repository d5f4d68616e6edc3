// A picture by itself, and the files that were attached: fetched again where only their id is known.
import {element} from '../dom.js'
import {toast} from '../toast.js'
import {t} from '../words.js'
import {proof, refusal} from './stream.js'

/** Show a picture as large as fits. */
export function enlarge(src, alt) {
  const dialog = document.getElementById('lightbox')
  const [image, link] = [dialog.querySelector('img'), dialog.querySelector('a')]
  Object.assign(image, {src, alt})
  link.hidden = src.startsWith('data:') // a browser opens no page of those
  if (!link.hidden) link.href = src
  dialog.onclick = event => { if (!event.target.closest('a')) dialog.close() }
  dialog.onclose = () => image.removeAttribute('src')
  dialog.showModal()
}

/** Open an attached file: pictures here, others are downloaded. */
export async function openFile({name, type, url, fileId}) {
  if (url) return enlarge(url, name)
  const response = await fetch(`/v1/files/${encodeURIComponent(fileId)}/content`, {headers: proof()}).catch(() => null)
  if (!response?.ok) {
    const why = response ? (await refusal(response)).message : ''
    return toast(why || t('The server cannot be reached. Look at your connection and try again.'), 'warn')
  }
  const address = URL.createObjectURL(await response.blob())
  if (/^image\/(?:png|jpeg|gif|webp)$/.test(type)) return enlarge(address, name)
  return download(address, name)
}

/** Hand something over as a file. */
export function download(address, name) {
  element('a', {href: address, download: name}).click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
