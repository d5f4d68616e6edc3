"""The bare pass-through: what anybody would write in Flask to hand a request on, and nothing more.

No keys, no journal, no pool, no parsing: the caller's bytes go up with a ready-made token, the answer's
bytes come down. BENCH_ENGINE chooses `requests`, as most people would, or `urllib3`, as we do.
"""

import os
from collections.abc import Iterator

import requests
import urllib3
from flask import Flask, Response, request

URL = os.environ["BENCH_UPSTREAM"] + "/v1alpha/locations/global/widgetStreamAssist"
HEADERS = {"authorization": f"Bearer {os.environ['BENCH_TOKEN']}", "content-type": "application/json"}
CONNECTIONS = 256


def through_requests() -> Response:
    upstream = session.post(URL, data=request.get_data(), headers=HEADERS, stream=True)
    if request.args.get("stream"):
        return Response(upstream.iter_content(None), content_type="text/event-stream")
    return Response(upstream.content, content_type="application/json")


def through_urllib3() -> Response:
    upstream = pool.request("POST", URL, body=request.get_data(), headers=HEADERS, preload_content=False)
    if request.args.get("stream"):
        return Response(pieces(upstream), content_type="text/event-stream")
    return Response(upstream.data, content_type="application/json")


def pieces(upstream: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    yield from upstream.stream(65536)
    upstream.release_conn()


session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
pool = urllib3.PoolManager(maxsize=CONNECTIONS)

app = Flask(__name__)
engine = through_requests if os.environ.get("BENCH_ENGINE", "requests") == "requests" else through_urllib3
app.add_url_rule("/pass", view_func=engine, methods=["POST"], endpoint="pass")
