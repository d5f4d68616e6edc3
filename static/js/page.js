// On every page: what answers to attributes in it. A page with more to do adds a module in its block `scripts`.
import * as charts from './charts.js'
import * as confirm from './confirm.js'
import * as copy from './copy.js'
import * as live from './live.js'
import * as menus from './menus.js'
import * as notices from './notices.js'
import * as refresh from './refresh.js'
import * as strip from './strip.js'
import * as time from './time.js'

function mount(root) {
  charts.mount(root)
  strip.mount(root)
}

time.start()
copy.start()
confirm.start()
menus.start()
mount(document)
if (document.querySelector('.rail')) { // signed in
  live.start()
  refresh.start(mount)
  notices.start()
}
