"""The two that are compared: the gateway as it is, and the bare pass-through."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from bench.load import post
from bench.servers import Server, gunicorn
from gemini_pool.dialogue import patiently
from gemini_pool.roster import Account, Credentials
from gemini_pool.simulator.cast import CAST, make_account
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.tokens import Tokens
from gemini_pool.upstream.transport import Patience, Transport

GATEWAY_PORT, BARE_PORT = 9181, 9182
KEY = "sk-gp-bench"
QUESTION = "What does the fox do? " * 8


@dataclass(frozen=True)
class Side:
    """How it is started, and the requests it is asked with."""

    name: str
    port: int
    start: Callable[[], Server]
    whole: bytes
    stream: bytes


def gateway(simulator: str, folder: str) -> Side:
    """The product, with everything on: keys, pool, journal, encrypted store."""
    environ = {
        "DATA_DIR": folder,
        "API_KEY": KEY,
        "GEMINI_API_URL": simulator,
        "GEMINI_AUTH_URL": simulator,
        "GEMINI_LOGIN_URL": simulator,
        "ACCOUNTS_CONFIG": json.dumps([make_account(name).as_config() for name in CAST]),
    }
    body = {"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": QUESTION}]}
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    path = "/v1/chat/completions"
    return Side(
        "gateway",
        GATEWAY_PORT,
        lambda: gunicorn("gateway", "wsgi:app", GATEWAY_PORT, environ),
        post(path, orjson.dumps(body), headers),
        post(path, orjson.dumps(body | {"stream": True}), headers),
    )


def bare(simulator: str, engine: str) -> Side:
    """Flask and an HTTP library. Its token is made anew for each start and lives longer than a round."""

    def started() -> Server:
        environ = {"BENCH_UPSTREAM": simulator, "BENCH_TOKEN": _token(simulator), "BENCH_ENGINE": engine}
        return gunicorn("bare", "bench.bare:app", BARE_PORT, environ)

    headers = {"content-type": "application/json"}
    body = _assist_request()
    return Side(
        "bare", BARE_PORT, started, post("/pass", body, headers), post("/pass?stream=1", body, headers)
    )


def _account() -> Account:
    config = make_account(CAST[0]).as_config()
    name = config.pop("id")
    return Account(1, name, Credentials(**config))


def _token(simulator: str) -> str:
    transport = Transport(Dialler(proxy="", timeout=5), patience=Patience(5, 5), most_idle=1)
    tokens = Tokens(
        transport, auth_url=simulator, login_url=simulator, user_agent="bench", rotated=lambda *_: None
    )
    return patiently(tokens.get(_account())).bearer


def _assist_request() -> bytes:
    request = {
        "session": "-",  # the service makes one: the bare side pays for one call, the gateway for two
        "query": {"parts": [{"text": QUESTION}]},
        "filter": "",
        "fileIds": [],
        "answerGenerationMode": "NORMAL",
        "toolsSpec": {"webGroundingSpec": {}, "toolRegistry": "default_tool_registry"},
        "languageCode": "en-US",
        "userMetadata": {"timeZone": "Etc/GMT"},
        "assistSkippingMode": "REQUEST_ASSIST",
        "assistGenerationConfig": {"modelId": "gemini-2.5-flash"},
    }
    config_id = _account().credentials.config_id
    envelope = {"configId": config_id, "additionalParams": {"token": "-"}, "streamAssistRequest": request}
    return orjson.dumps(envelope)
