"""What is asked: the gateway as it is, the bare pass-through, and the simulated service itself."""

import json
from collections.abc import Callable, Iterable
from contextlib import closing
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
MODEL = "gemini-2.5-flash"


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
    environ = environment(simulator, folder)
    return Side(
        "gateway",
        GATEWAY_PORT,
        lambda: gunicorn("gateway", "wsgi:app", GATEWAY_PORT, environ),
        chat(QUESTION, stream=False),
        chat(QUESTION, stream=True),
    )


def bare(simulator: str, engine: str) -> Side:
    """Flask and an HTTP library. Its token is made anew for each start and lives longer than a round."""

    def started() -> Server:
        (token,) = tokens(simulator, CAST[:1])
        environ = {"BENCH_UPSTREAM": simulator, "BENCH_TOKEN": token, "BENCH_ENGINE": engine}
        return gunicorn("bare", "bench.bare:app", BARE_PORT, environ)

    headers = {"content-type": "application/json"}
    body = _assist_request(CAST[0], QUESTION)
    return Side(
        "bare", BARE_PORT, started, post("/pass", body, headers), post("/pass?stream=1", body, headers)
    )


def environment(simulator: str, folder: str) -> dict[str, str]:
    """The variables that put the gateway over the simulator's accounts, with its data in a folder."""
    return {
        "DATA_DIR": folder,
        "API_KEY": KEY,
        "GEMINI_API_URL": simulator,
        "GEMINI_AUTH_URL": simulator,
        "GEMINI_LOGIN_URL": simulator,
        "PROXY": "",
        "ACCOUNTS_CONFIG": json.dumps([make_account(name).as_config() for name in CAST]),
    }


def chat(question: str, *, stream: bool) -> bytes:
    """A request as the gateway's callers send it."""
    body: dict[str, object] = {"model": MODEL, "messages": [{"role": "user", "content": question}]}
    if stream:
        body["stream"] = True
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    return post("/v1/chat/completions", orjson.dumps(body), headers)


def assist(name: str, token: str, question: str) -> bytes:
    """A request as the service itself takes it, from an account of the cast."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return post("/v1alpha/locations/global/widgetStreamAssist", _assist_request(name, question), headers)


def tokens(simulator: str, names: Iterable[str]) -> list[str]:
    """A token for each of these accounts, good for five minutes."""
    transport = Transport(Dialler(proxy="", timeout=5), patience=Patience(5, 5), most_idle=1)
    with closing(transport):
        made = Tokens(
            transport, auth_url=simulator, login_url=simulator, user_agent="bench", rotated=lambda *_: None
        )
        return [patiently(made.get(_account(number, name))).bearer for number, name in enumerate(names)]


def _account(number: int, name: str) -> Account:
    config = make_account(name).as_config()
    origin = config.pop("id")
    return Account(number, origin, Credentials(**config))


def _assist_request(name: str, question: str) -> bytes:
    request = {
        "session": "-",  # the service makes one: who asks it himself pays for one call, the gateway for two
        "query": {"parts": [{"text": question}]},
        "filter": "",
        "fileIds": [],
        "answerGenerationMode": "NORMAL",
        "toolsSpec": {"webGroundingSpec": {}, "toolRegistry": "default_tool_registry"},
        "languageCode": "en-US",
        "userMetadata": {"timeZone": "Etc/GMT"},
        "assistSkippingMode": "REQUEST_ASSIST",
        "assistGenerationConfig": {"modelId": MODEL},
    }
    config_id = make_account(name).config_id
    envelope = {"configId": config_id, "additionalParams": {"token": "-"}, "streamAssistRequest": request}
    return orjson.dumps(envelope)
