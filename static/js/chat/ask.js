// What is sent to the pool: the messages that are looked at, as OpenAI's API has them.

/** The body of a request for an answer that follows these messages. */
export function bodyOf(head, path, model) {
  const messages = path.filter(one => one.text || one.files.length).map(one => ({role: one.role, content: content(one)}))
  if (head.system.trim()) messages.unshift({role: 'system', content: head.system})
  return {model, messages, stream: true, image_format: 'markdown'}
}

function content({text, files}) {
  if (!files.length) return text
  const parts = files.map(file => file.fileId ? {type: 'file', file: {file_id: file.fileId}} : {type: 'image_url', image_url: {url: file.url}})
  return text ? [{type: 'text', text}, ...parts] : parts
}
