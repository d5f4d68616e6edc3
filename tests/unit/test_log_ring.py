"""Lines of the log on their way to whoever keeps them."""

import logging
from typing import Any

import pytest

from gemini_pool.observe.log_ring import LONGEST_MESSAGE, LONGEST_TRACE, LogRing


class Kept(list[dict[str, Any]]):
    def keep(self, **line: object) -> None:
        self.append(line)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def log(kept: Kept) -> logging.Logger:
    """A logger that is heard by the ring alone."""
    logger = logging.Logger("gemini_pool.tests", logging.DEBUG)
    logger.addHandler(LogRing(kept.keep))
    return logger


def test_a_line_is_handed_on_with_all_that_is_known_of_it(log: logging.Logger, kept: Kept) -> None:
    log.warning("account %d did not answer", 3)
    log.debug("nobody's business")
    (line,) = kept
    assert (line["level"], line["logger"]) == (logging.WARNING, "gemini_pool.tests")
    assert (line["message"], line["trace"], line["request_id"]) == ("account 3 did not answer", "", "")
    assert line["at"] > 1e9
    assert line["process"] > 0


def test_the_request_that_a_line_tells_of_is_known(log: logging.Logger, kept: Kept) -> None:
    log.info("request %s failed", "req_0123456789abcdef")
    log.info("request %s: a picture was not made", "from-the-caller-1")
    assert [line["request_id"] for line in kept] == ["req_0123456789abcdef", "from-the-caller-1"]


def test_an_exception_comes_with_the_end_of_its_trace(log: logging.Logger, kept: Kept) -> None:
    try:
        raise KeyError("x" * 2 * LONGEST_TRACE + "the end")
    except KeyError:
        log.exception("it broke")
    assert len(kept[0]["trace"]) == LONGEST_TRACE
    assert kept[0]["trace"].endswith("the end'")


def test_a_line_is_cut_where_it_is_too_long(log: logging.Logger, kept: Kept) -> None:
    log.info("x" * 2 * LONGEST_MESSAGE)
    assert kept[0]["message"] == "x" * LONGEST_MESSAGE


def test_words_that_do_not_fit_their_arguments_break_nobody(
    log: logging.Logger, kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info("%d accounts", "three")
    assert kept == []
    assert "Logging error" in capsys.readouterr().err
