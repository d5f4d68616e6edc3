// The pool's answer as it comes: server-sent events in OpenAI's form, out of a fetch that can be given up.

/** Ask; calls `on` with {requestId}, then {text}, {thought}, {sources}, {error}, and {done} at a proper end.
 *  An answer that simply stops has neither. Throws what fetch throws. */
export async function ask(body, signal, on) {
  const response = await fetch('/v1/chat/completions', {
    method: 'POST', headers: {'content-type': 'application/json', ...proof()}, body: JSON.stringify(body), signal,
  })
  on({requestId: response.headers.get('x-request-id') ?? ''})
  if (!response.ok) return on({error: await refusal(response)})
  for await (const data of events(response.body)) {
    if (data === '[DONE]') return on({done: true})
    tell(JSON.parse(data), on)
  }
  return undefined
}

/** What shows the pool that one of its own pages asks. */
export function proof() {
  return {'x-csrf-token': document.querySelector('meta[name="csrf-token"]').content}
}

/** What a refusal says, as {status, message, code, retryAfter}; seconds, or null. */
export async function refusal(response) {
  const told = await response.json().catch(() => null)
  const error = told?.error ?? {}
  const wait = Number(response.headers.get('retry-after'))
  return {
    status: response.status,
    message: typeof error === 'string' ? error : error.message ?? '',
    code: error.code ?? '',
    param: error.param ?? '',
    retryAfter: wait > 0 ? wait : null,
  }
}

function tell(chunk, on) {
  if (chunk.error) {
    const {message = '', code, param} = chunk.error
    return on({error: {status: 200, message, code: code ?? '', param: param ?? '', retryAfter: null}})
  }
  const delta = chunk.choices?.[0]?.delta ?? {}
  if (delta.reasoning_content) on({thought: delta.reasoning_content})
  if (delta.content) on({text: delta.content})
  if (delta.annotations) on({sources: delta.annotations.map(one => one.url_citation).filter(Boolean).map(({url, title}) => ({url, title}))})
  return undefined
}

/** The data of each event; comments keep the line alive and say nothing. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  let data = []
  for (;;) {
    const {value, done} = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop()
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
      if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
      else if (!line && data.length) {
        yield data.join('\n')
        data = []
      }
    }
  }
}
