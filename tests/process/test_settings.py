"""What the console saves is read by all workers, and no answer is lost over it."""

from collections.abc import Callable

from callers import Call
from consoles import Console
from running import RunningPool, until
from signing_in import PASSWORD

from gemini_pool.simulator.world import World


def test_a_saved_setting_is_read_by_all_workers_while_a_stream_goes_on(
    start_pool: Callable[..., RunningPool], world: World
) -> None:
    world.behave(None, words=60, deltas=60, delay=0.05)
    pool = start_pool("amber", "bruno", ADMIN_PASSWORD=PASSWORD)
    before = set(pool.workers())
    console = Console(pool)
    with Call(pool, model="nobody-knows", stream=False) as unknown:
        assert unknown.status == 404
    with Call(pool) as stream:
        stream.begin()
        saved = console.send("PUT", "/api/settings", values={"UNKNOWN_MODEL": "default"})
        assert saved["changed"] == ["UNKNOWN_MODEL"]
        until(lambda: len(set(pool.accepting()) - before) == 2, what="two new workers")
        world.behave(None, words=0, delay=0.0)
        for _ in range(6):
            with Call(pool, model="nobody-knows", stream=False) as unknown:
                assert unknown.status == 200
        for _ in stream.lines():
            pass
        assert stream.told.whole
