// What this browser keeps of conversations (IndexedDB): their heads in one store, so that a list of hundreds is
// read at once, and their messages in another.
const NAME = 'chat'
const OTHERS = 'BroadcastChannel' in window ? new BroadcastChannel('chat') : null

/** A shelf; one that forgets with the page where the browser keeps nothing (`forgets`). */
export async function openShelf() {
  try {
    return new Shelf(await opened())
  } catch {
    return new Forgetful()
  }
}

/** Call back with a conversation's id when another tab changed it; null when it may have been any. */
export function onOthers(callback) {
  OTHERS?.addEventListener('message', event => callback(event.data))
}

/** Let other tabs know. */
export function tellOthers(id) {
  OTHERS?.postMessage(id)
}

class Shelf {
  forgets = false

  constructor(db) {
    this.db = db
    db.onversionchange = () => db.close()
  }

  conversations() {
    return asked(this.store('conversations').getAll())
  }

  conversation(id) {
    return asked(this.store('conversations').get(id))
  }

  messages(id) {
    return asked(this.store('messages').index('conversation').getAll(id))
  }

  /** Keep a head, unless it is null, and messages: all of it or nothing. */
  keep(head, ...messages) {
    return this.change(stores => {
      if (head) stores.conversations.put(head)
      for (const message of messages) stores.messages.put(message)
    })
  }

  drop(messageId) {
    return this.change(stores => stores.messages.delete(messageId))
  }

  /** Forget conversations with all that was said in them. */
  forget(ids) {
    return this.change(stores => {
      for (const id of ids) {
        stores.conversations.delete(id)
        const keys = stores.messages.index('conversation').getAllKeys(id)
        keys.onsuccess = () => { for (const key of keys.result) stores.messages.delete(key) }
      }
    })
  }

  /** The ids of conversations in which a text was said. */
  search(text, signal) {
    const wanted = text.toLowerCase()
    const found = new Set()
    return new Promise((resolve, reject) => {
      const cursor = this.store('messages').openCursor()
      cursor.onerror = () => reject(cursor.error)
      cursor.onsuccess = () => {
        const at = cursor.result
        if (!at || signal.aborted) return resolve(found)
        if (at.value.text.toLowerCase().includes(wanted)) found.add(at.value.conversation)
        return at.continue()
      }
    })
  }

  store(name) {
    return this.db.transaction(name).objectStore(name)
  }

  change(write) {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(['conversations', 'messages'], 'readwrite')
      const [conversations, messages] = ['conversations', 'messages'].map(name => transaction.objectStore(name))
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
      write({conversations, messages})
    })
  }
}

class Forgetful {
  forgets = true
  heads = new Map()
  said = new Map()

  conversations() { return [...this.heads.values()] }
  conversation(id) { return this.heads.get(id) }
  messages(id) { return [...this.said.values()].filter(one => one.conversation === id) }
  drop(messageId) { this.said.delete(messageId) }

  keep(head, ...messages) {
    if (head) this.heads.set(head.id, head)
    for (const message of messages) this.said.set(message.id, message)
  }

  forget(ids) {
    for (const id of ids) {
      this.heads.delete(id)
      for (const one of this.messages(id)) this.said.delete(one.id)
    }
  }

  search(text) {
    const wanted = text.toLowerCase()
    return new Set([...this.said.values()].filter(one => one.text.toLowerCase().includes(wanted)).map(one => one.conversation))
  }
}

function opened() {
  const request = indexedDB.open(NAME, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore('conversations', {keyPath: 'id'})
    request.result.createObjectStore('messages', {keyPath: 'id'}).createIndex('conversation', 'conversation')
  }
  return asked(request)
}

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
