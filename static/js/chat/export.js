// Conversations as files: JSON with all branches, which import.js reads, and Markdown of what is looked at.
import {t} from '../words.js'
import {titleOf} from './conversations.js'
import {download} from './lightbox.js'

export const FORMAT = 'gemini_pool.chat'

/** Hand over conversations, as [head, messages] pairs. */
export function exportJson(all, name) {
  const conversations = all.map(([head, messages]) => ({...head, messages}))
  save(JSON.stringify({format: FORMAT, version: 1, conversations}, null, 1), `${fileName(name)}.json`, 'application/json')
}

/** Hand over the branch of a tree that is looked at. */
export function exportMarkdown(tree) {
  const {head} = tree
  const parts = [`# ${titleOf(head)}`]
  const [system, you] = [t('System prompt'), t('You')]
  if (head.system) parts.push(`## ${system}`, head.system)
  for (const {role, model, text, files} of tree.path()) {
    parts.push(`## ${role === 'user' ? you : model}`, ...files.map(file => `*${file.name}*`), text)
  }
  save(`${parts.filter(Boolean).join('\n\n')}\n`, `${fileName(titleOf(head))}.md`, 'text/markdown')
}

function save(text, name, type) {
  download(URL.createObjectURL(new Blob([text], {type})), name)
}

function fileName(title) {
  return title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 80) || 'chat'
}
