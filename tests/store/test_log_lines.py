"""The newest lines of the log: kept behind the requests, capped, looked through."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gemini_pool.observe.log_ring import LogRing
from gemini_pool.store import db, log_lines
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.log_lines import LogLines


@pytest.fixture
def lines(store: Store, behind: WriteBehind) -> LogLines:
    return LogLines(store, behind)


def keep(
    lines: LogLines, message: str, *, level: int = logging.INFO, at: float = 1.0, trace: str = ""
) -> None:
    lines.keep(
        at=at,
        level=level,
        logger="gemini_pool.x",
        message=message,
        process=7,
        request_id="req_1",
        trace=trace,
    )


def messages(lines: LogLines, **asked: object) -> list[str]:
    lines.flush()
    return [line.message for line in lines.page(**asked)]  # type: ignore[arg-type]


def test_a_line_comes_back_as_it_was_kept(lines: LogLines) -> None:
    keep(lines, "it broke", level=logging.ERROR, at=5.5, trace="Traceback")
    assert lines.page() == []
    lines.flush()
    (line,) = lines.page()
    assert (line.at, line.level, line.logger, line.message) == (5.5, "ERROR", "gemini_pool.x", "it broke")
    assert (line.process, line.request_id, line.trace) == (7, "req_1", "Traceback")


def test_lines_are_asked_for_by_level_text_and_time_and_page_by_page(lines: LogLines) -> None:
    for number, level in enumerate((logging.INFO, logging.WARNING, logging.ERROR, logging.INFO)):
        keep(
            lines,
            f"line {number}",
            level=level,
            at=float(number),
            trace="in the Depths" if number == 2 else "",
        )
    assert messages(lines) == ["line 3", "line 2", "line 1", "line 0"]
    assert messages(lines, level="warning") == ["line 2", "line 1"]
    assert messages(lines, text="LINE 3") == ["line 3"]
    assert messages(lines, text="depths") == ["line 2"]
    assert messages(lines, text="line_3") == []
    assert messages(lines, since=2.0) == ["line 3", "line 2"]
    newest = lines.page(limit=2)
    assert messages(lines, before_id=newest[-1].id, limit=1) == ["line 1"]


def test_a_level_that_there_is_not_is_refused(lines: LogLines) -> None:
    with pytest.raises(ValueError, match="DEBUG, INFO"):
        lines.page(level="LOUD")


def test_the_newest_are_kept_and_the_others_go_in_batches(
    lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "MOST_KEPT", 10)
    monkeypatch.setattr(log_lines, "SLACK", 5)
    for number in range(15):
        keep(lines, str(number))
    assert len(messages(lines)) == 15
    keep(lines, "15")
    assert messages(lines) == [str(number) for number in range(15, 5, -1)]


def test_cleared_lines_are_gone(lines: LogLines) -> None:
    keep(lines, "one")
    lines.flush()
    assert lines.clear() == 1
    keep(lines, "two")
    assert messages(lines) == ["two"]


def test_what_waits_is_bounded_and_the_newest_are_among_it(
    store: Store, behind: WriteBehind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "MOST_WAITING", 3)
    lines = LogLines(store, behind)
    for number in range(5):
        keep(lines, str(number))
    assert messages(lines) == ["4", "3", "2"]


@pytest.fixture
def heard(lines: LogLines) -> Iterator[logging.Logger]:
    """The package's logger, as a server has it."""
    logger, ring = logging.getLogger("gemini_pool"), LogRing(lines.keep)
    logger.addHandler(ring)
    yield logger
    logger.removeHandler(ring)


def test_a_database_that_refuses_the_lines_is_told_of_in_them_once(
    path: Path,
    store: Store,
    behind: WriteBehind,
    lines: LogLines,
    heard: logging.Logger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(db.PRAGMAS, "busy_timeout", 10)
    store.db.init(str(path), pragmas=db.PRAGMAS)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        heard.warning("first")
        for _ in range(3):
            behind.flush()
        other.execute("COMMIT")
    behind.flush()
    told = [line.message for line in lines.page()]
    assert told[-1] == "first"
    assert len(told) == 2
    assert "it waits in memory" in told[0]
