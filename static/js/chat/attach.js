// Files on their way to a question: small pictures go along in it, everything else is uploaded before.
// What remains of each is {name, type, size, thumb, url or fileId}.
import {element, icon} from '../dom.js'
import {t} from '../words.js'
import {proof} from './stream.js'

const SMALL = 256 * 1024
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const THUMB = 320

export class Attachments {
  entries = []

  /** `list` shows them; `onchange` is called when one came, went, or arrived. */
  constructor(list, onchange) {
    Object.assign(this, {list, onchange})
  }

  get busy() {
    return this.entries.some(one => !one.ready)
  }

  get failed() {
    return this.entries.some(one => one.failed)
  }

  add(files) {
    for (const file of files) this.enter(file)
  }

  /** All of them, which are no longer here. */
  take() {
    const taken = this.entries.map(one => one.file)
    this.entries = []
    this.list.replaceChildren()
    this.onchange()
    return taken
  }

  async enter(blob) {
    const file = {name: blob.name || t('Picture'), type: blob.type, size: blob.size, thumb: ''}
    const entry = {file, ready: false, failed: false, request: null, chip: null}
    this.entries.push(entry)
    entry.chip = this.chip(entry)
    this.list.append(entry.chip.element)
    this.onchange()
    file.thumb = await thumbnail(blob)
    if (file.thumb) entry.chip.picture(file.thumb)
    if (PICTURES.includes(blob.type) && blob.size <= SMALL) file.url = await dataUrl(blob)
    else await upload(blob, entry)
    entry.ready = true
    entry.chip.arrived()
    this.onchange()
  }

  chip(entry) {
    const {name, size} = entry.file
    const bar = element('progress', {class: 'bar', max: 1, value: 0, 'aria-label': t('Upload of {name}', {name})})
    const said = element('small', {class: 'quiet'}, sized(size))
    const face = element('span', {class: 'file-face'}, icon('file-earmark'))
    const remove = element('button', {class: 'btn btn-quiet btn-icon btn-sm', type: 'button', title: t('Remove {name}', {name}), 'aria-label': t('Remove {name}', {name})}, icon('x-lg'))
    const chip = element('li', {class: 'file'}, face, element('span', {class: 'file-words'}, element('span', {class: 'file-name'}, name), said, bar), remove)
    remove.addEventListener('click', () => this.remove(entry))
    return {
      element: chip,
      picture: src => face.replaceChildren(element('img', {src, alt: ''})),
      progress: share => { bar.value = share },
      arrived: () => bar.remove(),
      refused: why => {
        chip.classList.add('tone-bad')
        said.replaceChildren(icon('x-octagon-fill'), ` ${why}`)
        said.setAttribute('role', 'alert')
      },
    }
  }

  remove(entry) {
    entry.request?.abort()
    entry.chip.element.remove()
    this.entries = this.entries.filter(one => one !== entry)
    this.onchange()
  }
}

/** 640 kB, 1.4 MB; as words.size in Python. */
export function sized(bytes) {
  const units = ['B', 'kB', 'MB', 'GB']
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const amount = bytes / 1000 ** step
  return `${amount.toFixed(step && amount < 10 ? 1 : 0)}\u202f${units[step]}`
}

/** By XMLHttpRequest: a fetch does not tell how far an upload is. */
function upload(blob, entry) {
  const form = new FormData()
  form.append('purpose', 'user_data')
  form.append('file', blob, entry.file.name)
  const request = new XMLHttpRequest()
  entry.request = request
  return new Promise(resolve => {
    request.upload.addEventListener('progress', ({loaded, total}) => entry.chip.progress(loaded / total))
    request.addEventListener('loadend', () => {
      if (request.status === 200) entry.file.fileId = request.response?.id
      else refuse(entry, request.response?.error?.message)
      resolve()
    })
    request.open('POST', '/v1/files')
    for (const [name, value] of Object.entries(proof())) request.setRequestHeader(name, value)
    request.responseType = 'json'
    request.send(form)
  })
}

function refuse(entry, why) {
  entry.failed = true
  entry.chip.refused(why || t('It did not arrive. Remove it, look at your connection, and attach it again.'))
}

async function thumbnail(blob) {
  if (!PICTURES.includes(blob.type)) return ''
  const picture = await createImageBitmap(blob).catch(() => null)
  if (!picture) return ''
  const scale = Math.min(1, THUMB / Math.max(picture.width, picture.height))
  const canvas = element('canvas', {width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale))})
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  return canvas.toDataURL('image/webp', .8)
}

function dataUrl(blob) {
  return new Promise(resolve => {
    const reader = new FileReader()
    reader.addEventListener('load', () => resolve(reader.result))
    reader.readAsDataURL(blob)
  })
}
