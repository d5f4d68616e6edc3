"""`python -m gemini_pool demo`: the whole service over simulated accounts, in one command.

The simulator plays Gemini Business, gunicorn serves as it would in earnest, and everything lives in a
temporary folder that goes when the demo ends.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress

from gemini_pool.knobs import SettingsError
from gemini_pool.settings import CHECKOUT
from gemini_pool.simulator.cast import CAST, make_account
from gemini_pool.simulator.mail.boxes import make_box
from gemini_pool.simulator.server import Simulator
from gemini_pool.store.keys import new_key

START_SECONDS = 30
END_SECONDS = 5
PASSWORD_BYTES = 9

READY = """
The pool answers at {address}/v1 with {accounts} simulated accounts.
API key: {key}
Console: {address}/
Its password: {password}

  curl {address}/v1/chat/completions -H "Authorization: Bearer {key}" \\
    -H "Content-Type: application/json" \\
    -d '{{"model": "gemini-auto", "messages": [{{"role": "user", "content": "Hello!"}}]}}'

Add "stream": true to see it stream. Ctrl-C ends the demo.
"""


def run_demo(port: int) -> None:
    """Serve until Ctrl-C, or until gunicorn ends."""
    if _taken(port):
        raise SettingsError(f"Port {port} is in use. Choose another: make demo ARGS='--port 8123'.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the demo as Ctrl-C does
    key, password = new_key(), secrets.token_urlsafe(PASSWORD_BYTES)
    given = {"API_KEY": key, "ADMIN_PASSWORD": password}
    address = f"http://127.0.0.1:{port}"
    with Simulator() as simulator, tempfile.TemporaryDirectory(prefix="gemini_pool-") as folder:
        simulator.world.behave(None, words=40, delay=0.03, thoughts=2)
        server = subprocess.Popen(
            [sys.executable, "-m", "gemini_pool", "serve"],
            cwd=CHECKOUT,
            env=os.environ | _environment(simulator.url, folder, port) | given,
            start_new_session=True,  # Ctrl-C is for the demo, which ends the rest itself
        )
        try:
            _wait_until_it_answers(server, address)
            sys.stdout.write(READY.format(address=address, key=key, password=password, accounts=len(CAST)))
            sys.stdout.flush()
            server.wait()
        except KeyboardInterrupt:
            sys.stdout.write("\nThe demo ends.\n")
        finally:
            for again in (signal.SIGINT, signal.SIGTERM):  # an impatient second one must not break the end
                signal.signal(again, signal.SIG_IGN)
            _end(server)


def _environment(simulator: str, folder: str, port: int) -> dict[str, str]:
    return {
        "DATA_DIR": folder,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        "GEMINI_API_URL": simulator,
        "GEMINI_AUTH_URL": simulator,
        "GEMINI_LOGIN_URL": simulator,
        "PROXY": "",
        "ACCOUNTS_CONFIG": json.dumps(
            [make_account(name).as_config() | make_box(name).cfmail(simulator) for name in CAST]
        ),
    }


def _wait_until_it_answers(server: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2).close()  # noqa: S310 - our own address
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SettingsError("The service did not start; its own words are above. Is the port in use? Try --port.")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Ask gunicorn to end; then end its whole group, in case a worker of it hangs."""
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=END_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
