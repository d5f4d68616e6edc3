"""How gunicorn runs the service. Every number that people may want to change is a setting (README)."""

import os
import sys
from pathlib import Path

# A reload runs this file again in a process that has long imported the package, and its new workers would
# inherit what it imported: forget that, so that `systemctl reload` serves the new code.
for name in [name for name in sys.modules if name.partition(".")[0] == "gemini_pool"]:
    del sys.modules[name]

from gemini_pool.errors import StoreError  # noqa: E402
from gemini_pool.knobs import SettingsError  # noqa: E402
from gemini_pool.pool.admission import places  # noqa: E402
from gemini_pool.startup import effective_settings, setup_code  # noqa: E402
from gemini_pool.worker import Board, Worker  # noqa: E402

try:
    settings = effective_settings(os.environ)
    code = setup_code(settings)  # each worker would fail on a wrong key as well
except (SettingsError, StoreError) as error:
    sys.exit(f"gemini_pool: {error}")

if code:  # told once, by the one process that reads this file
    sys.stderr.write(
        f"gemini_pool: the console has no password yet. Open /setup and give this code: {code}\n"
        "gemini_pool: `python -m gemini_pool password code` shows it again.\n"
    )

bind = f"{settings.host}:{settings.port}"

# Streams wait for the network nearly all the time: a thread each, hundreds a process.
# With a worker that leaves callers to its sibling while it is full itself.
worker_class = Worker
Worker.board = Board()  # of the workers that this reading of the file is for
Worker.places = places(settings.threads)
Worker.patience = settings.read_timeout
Worker.master = os.getpid()  # this file is read there
workers = settings.workers
threads = settings.threads

# As many as it has threads, and some kept-alive ones, which a reverse proxy needs.
worker_connections = settings.threads + 64

# Longer than a reverse proxy keeps idle connections (60 s in nginx), so that it is never we who close one
# that the proxy is about to use.
keepalive = 75

# With gthread this bounds the heartbeat of a worker, not a request.
timeout = 60

# Files go out as answers do, in pieces: sendfile() would wait without end for a caller who reads nothing.
sendfile = False

# Who may say how a caller came here is for TRUSTED_PROXIES alone to tell (web/links).
forwarded_allow_ips = ""

# A restart lets streams run to their end; by default a little longer than clients wait for one (600 s).
graceful_timeout = settings.drain

# Recycling a worker would wait for its longest stream while it takes no new ones.
max_requests = 0

# The heartbeat file belongs in memory: on a slow disk a healthy worker could look dead.
if Path("/dev/shm").is_dir():  # noqa: S108 - gunicorn makes a private file there
    worker_tmp_dir = "/dev/shm"  # noqa: S108

# Nobody talks to gunicorn's control socket, and it would lie among the data.
control_socket_disable = True

# The call journal tells more than an access log would; errors go to stderr, where systemd keeps them.
accesslog = None
loglevel = settings.log_level
