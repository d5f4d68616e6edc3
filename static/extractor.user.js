// ==UserScript==
// @name         gemini_pool: copy this account
// @name:zh-CN   gemini_pool：复制此账号
// @namespace    gemini_pool
// @version      1.0.0
// @description  Copies config_id, csesidx and the session cookies of business.gemini.google as JSON for gemini_pool.
// @description:zh-CN  把 business.gemini.google 的 config_id、csesidx 和会话 Cookie 复制成 gemini_pool 能读取的 JSON。
// @match        https://business.gemini.google/*
// @grant        GM_cookie
// @grant        GM.cookie
// @grant        GM_setClipboard
// @grant        GM_registerMenuCommand
// @run-at       document-idle
// @noframes
// ==/UserScript==

// It reads, and it writes to the clipboard when you press its button. It sends nothing anywhere, changes nothing
// in the page but for that button, and hides nothing.
//
// Both cookies are HttpOnly: no script of a page can read them. Tampermonkey has an API that can (GM_cookie), in
// its beta or once "Allow scripts to access cookies: All" is set in its advanced configuration. Violentmonkey and
// Greasemonkey have none; there the script copies what the address holds, says which cookies are missing, and you
// copy those from the developer tools.
//
// Unproven, since it was written without the real site: that the address has both values on every page after the
// sign-in, that inline scripts name csesidx where it has not, that a list by the page's address holds both cookies,
// and that every script manager passes over a grant that it does not know. What was not found is said.

(() => {
  'use strict'

  const COOKIES = {'__Secure-C_SES': 'secure_c_ses', '__Host-C_OSES': 'host_c_oses'}
  const WORDS = navigator.language.startsWith('zh')
    ? {copy: '复制给 gemini_pool', done: '已复制，可粘贴到“添加账号”。', lacking: '已复制，但缺少：', nothing: '这里没有找到账号，请先登录。', failed: '无法写入剪贴板。', between: '、'}
    : {copy: 'Copy for gemini_pool', done: 'Copied. Paste it under “Add accounts”.', lacking: 'Copied, but without: ', nothing: 'No account was found here. Sign in first.', failed: 'The clipboard could not be written.', between: ', '}

  function ids() {
    const found = {
      config_id: /\/cid\/([0-9A-Za-z-]{1,100})/.exec(location.pathname)?.[1] ?? '',
      csesidx: new URLSearchParams(location.search).get('csesidx') ?? '',
    }
    if (found.csesidx) return found
    for (const script of document.scripts) { // unproven: one of them may name it
      const named = script.src ? null : /csesidx["']?\s*[=:]\s*["']?(\d+)/.exec(script.textContent)
      if (named) return {...found, csesidx: named[1]}
    }
    return found
  }

  /** Cookies by name, as far as this script manager lets a script see them. */
  async function cookies() {
    const listed = await Promise.race([list(), new Promise(resolve => setTimeout(resolve, 3000, []))])
    const found = {}
    for (const {name, value} of listed) if (name in COOKIES && value) found[COOKIES[name]] = value
    return found
  }

  function list() {
    if (typeof GM_cookie !== 'undefined' && GM_cookie.list) {
      return new Promise(resolve => GM_cookie.list({url: location.href}, (all, error) => resolve(error ? [] : all ?? [])))
    }
    if (typeof GM !== 'undefined' && GM.cookie?.list) return GM.cookie.list({url: location.href}).catch(() => [])
    return Promise.resolve([])
  }

  async function write(text) {
    if (typeof GM_setClipboard !== 'undefined') return GM_setClipboard(text, 'text')
    return navigator.clipboard.writeText(text)
  }

  async function copy() {
    const account = {...ids(), ...await cookies(), user_agent: navigator.userAgent}
    const lacking = ['config_id', 'csesidx', 'secure_c_ses', 'host_c_oses'].filter(name => !account[name])
    if (lacking.length === 4) return WORDS.nothing
    try {
      await write(JSON.stringify([account], null, 2))
    } catch {
      return WORDS.failed
    }
    return lacking.length ? WORDS.lacking + lacking.join(WORDS.between) : WORDS.done
  }

  const button = document.createElement('button')
  button.textContent = WORDS.copy
  button.type = 'button'
  button.id = 'gemini-pool-copy'
  Object.assign(button.style, {
    position: 'fixed', right: '16px', bottom: '16px', zIndex: 2147483647, padding: '8px 12px', font: '14px system-ui, sans-serif',
    color: '#fff', background: '#0b57d0', border: '0', borderRadius: '8px', cursor: 'pointer',
  })
  async function pressed() {
    button.textContent = await copy()
    setTimeout(() => { button.textContent = WORDS.copy }, 6000)
  }
  button.addEventListener('click', pressed)
  document.body.append(button)
  if (typeof GM_registerMenuCommand !== 'undefined') GM_registerMenuCommand(WORDS.copy, pressed)
})()
