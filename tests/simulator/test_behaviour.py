import json
from typing import Any

import pytest

from gemini_pool.simulator.behaviour import HEALTHY, Behaviour


def test_a_behaviour_survives_json() -> None:
    behaviour = Behaviour(text="é", words=3, delay=0.5, api="429", api_on=("session", "upload"), gzip=True)
    assert Behaviour.from_json(json.loads(json.dumps(behaviour.to_json()))) == behaviour


def test_no_members_mean_healthy() -> None:
    assert Behaviour.from_json({}) == HEALTHY


def test_a_whole_number_is_good_for_seconds() -> None:
    assert Behaviour.from_json({"delay": 1}).delay == 1


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"speed": 1}, "unknown behaviour: speed"),
        ({"words": "3"}, "words must be int, not '3'"),
        ({"words": True}, "words must be int"),
        ({"words": -1}, "words must be a number from 0 up"),
        ({"split": 0}, "split must be a number from 1 up"),
        ({"delay": float("nan")}, "delay must be a number"),
        ({"text": 5}, "text must be str or null"),
        ({"gzip": 1}, "gzip must be bool"),
        ({"api": "418"}, "api must be one of 401, 401-once"),
        ({"api_on": ["stream", "hop"]}, "api_on must be a list, each one of xsrf, session, stream, upload"),
        ({"api_on": "stream"}, "api_on must be a list"),
        ({"stream": "explode"}, "stream must be one of"),
        ({"rtt": -0.1}, "rtt must be a number from 0 up"),
        ({"download_as": "hex"}, "download_as must be one of raw, base64"),
        ({"download_only": None}, 'download_only must be one of "", plain, download'),
        ({"session_info": "sometimes"}, "session_info must be one of every, last, never"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(members: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Behaviour.from_json(members)
