"""A real browser plays a film from its link and seeks in it, in a page of others and opened by itself."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from running import RunningPool, until

from gemini_pool.media.shelf import Shelf, Shelved

# Two seconds of red, two of blue; what changes from picture to picture makes it some megabytes.
RECORD = """
const [type, done] = arguments
const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 360})
const pen = canvas.getContext('2d')
const begun = performance.now()
const draw = setInterval(() => {
  pen.fillStyle = performance.now() - begun < 2000 ? '#f00' : '#00f'
  pen.fillRect(0, 0, 640, 360)
  const noise = Uint8ClampedArray.from({length: 40000}, () => Math.random() * 255)
  pen.putImageData(new ImageData(noise, 100), 540, 0)
}, 40)
const recorder = new MediaRecorder(canvas.captureStream(), {mimeType: type, videoBitsPerSecond: 8e6})
const pieces = []
recorder.ondataavailable = event => pieces.push(event.data)
recorder.onstop = () => {
  const reader = new FileReader()
  reader.onload = () => done(reader.result.split(',')[1])
  reader.readAsDataURL(new Blob(pieces))
}
recorder.start()
setTimeout(() => { clearInterval(draw); recorder.stop() }, 4000)
"""
SHOW = """
const video = Object.assign(document.createElement('video'), {crossOrigin: 'anonymous', muted: true})
video.src = arguments[0]
document.body.append(video)
"""
# No callbacks: the page that a browser makes for a film may run no scripts, and so calls none.
PLAY = "const video = document.querySelector('video'); video.muted = true; video.play()"
SEEK = "const video = document.querySelector('video'); video.pause(); video.currentTime = arguments[0]"
STATE = """
const video = document.querySelector('video')
const {currentTime, seeking, readyState, error} = video
return {at: currentTime, shown: !seeking && readyState >= 2, error: error && error.message}
"""
COLOUR = """
const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 360})
const pen = canvas.getContext('2d')
pen.drawImage(document.querySelector('video'), 0, 0)
const [red, , blue] = pen.getImageData(100, 200, 1, 1).data
return red > 200 && blue < 60 ? 'red' : blue > 200 && red < 60 ? 'blue' : `${red}, ${blue}`
"""


class Page(BaseHTTPRequestHandler):
    """An empty page of somebody else."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>chat</title><body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a page that is not ours."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def film(browser: Any, pool: RunningPool, page: str, recorded: str) -> Shelved:
    """A film of the browser's own making, put on the shelf as the base64 text that it comes as."""
    browser.get(page)
    text = browser.execute_async_script(RECORD, recorded)
    with Shelf(pool.database.parent).new() as slip:
        slip.write(text.encode())
        return slip.keep()


@pytest.mark.parametrize(
    ("recorded", "mime_type"),
    [
        pytest.param("video/mp4;codecs=vp9", "video/mp4", id="mp4"),
        pytest.param("video/webm;codecs=vp8", "video/webm", id="webm", marks=pytest.mark.long),
    ],
)
def test_a_browser_plays_a_film_and_seeks_in_it(
    browser: Any, start_pool: Callable[..., RunningPool], page: str, recorded: str, mime_type: str
) -> None:
    pool = start_pool("amber")
    made = film(browser, pool, page, recorded)
    assert made.mime_type == mime_type
    link = f"{pool.url}/video/{made.name}"

    browser.get(page)
    browser.execute_script(SHOW, link)
    plays(browser)
    seeks(browser, 3.5)
    assert browser.execute_script(COLOUR) == "blue"
    seeks(browser, 1.0)
    assert browser.execute_script(COLOUR) == "red"

    browser.get(link)
    plays(browser)
    seeks(browser, 3.5)
    seeks(browser, 1.0)


def state(browser: Any) -> dict[str, Any]:
    """Where the film is, in seconds, and whether its picture is there."""
    found: dict[str, Any] = browser.execute_script(STATE)
    assert found["error"] is None
    return found


def plays(browser: Any) -> None:
    browser.execute_script(PLAY)
    until(lambda: state(browser)["at"] > 0.2, what="the film to play")


def seeks(browser: Any, seconds: float) -> None:
    browser.execute_script(SEEK, seconds)

    def is_there() -> bool:
        now = state(browser)
        return bool(now["shown"] and abs(now["at"] - seconds) < 0.1)

    until(is_there, what=lambda: f"the film to be at {seconds} s; it is {state(browser)}")
