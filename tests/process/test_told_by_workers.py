"""What workers tell of themselves, for whoever looks from any of them."""

from collections.abc import Callable
from pathlib import Path

from callers import Call
from running import RunningPool, until

from gemini_pool.pool.load import Load, LoadNow
from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]


def test_log_lines_and_the_load_of_all_workers_can_be_seen(
    start_pool: Start, world: World, tmp_path: Path
) -> None:
    pool = start_pool("amber", "bruno", THREADS="8", WEB_CONCURRENCY="2")
    load = Load(Path(pool.environ["DATA_DIR"]) / "load", 0)
    idle = load.now()
    assert (idle.open, idle.processes) == (0, 2)
    world.behave("amber", api="429")
    world.behave("bruno", text="z" * 40, deltas=40, delay=0.1)
    with Call(pool).begin(), Call(pool).begin():
        assert load.now() == LoadNow(open=2, places=idle.places, processes=2)
    until(lambda: load.now() == idle, what="the places to be free")
    told = "SELECT * FROM log_lines WHERE message LIKE 'account 1 did not answer%'"
    until(lambda: pool.rows(told), what="the line on disk")
    pool.kill()
    until(lambda: load.now() == LoadNow(), what="the workers to be gone")
