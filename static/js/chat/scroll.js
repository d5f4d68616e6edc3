// Stays at the end of what grows as long as the reader is there, and nowhere else.
const NEAR = 40

export class Follower {
  atEnd = true
  last = 0

  /** `button` leads back to the end, and is there when one is not. */
  constructor(scroller, content, button) {
    Object.assign(this, {scroller, button})
    scroller.addEventListener('scroll', () => this.scrolled(), {passive: true})
    button.addEventListener('click', () => this.toEnd())
    const grown = new ResizeObserver(() => this.atEnd ? this.toEnd() : this.scrolled())
    grown.observe(content)
    grown.observe(scroller)
  }

  toEnd() {
    this.atEnd = true
    this.scroller.scrollTop = this.scroller.scrollHeight
    this.button.hidden = true
  }

  scrolled() {
    const {scrollTop, scrollHeight, clientHeight} = this.scroller
    const near = scrollHeight - scrollTop - clientHeight < NEAR
    if (near) this.atEnd = true
    else if (scrollTop < this.last) this.atEnd = false // what merely grew moves nobody
    this.last = scrollTop
    this.button.hidden = near
  }
}
