"""API keys: shown once, found fast, refused soon after they are revoked."""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gemini_pool.errors import StoreError
from gemini_pool.store.db import Store
from gemini_pool.store.keys import Key, Keys


@pytest.fixture
def keys(store: Store) -> Keys:
    return Keys(store, ())


def test_a_new_key_has_the_prefix_and_at_least_160_random_bits(keys: Keys) -> None:
    text = keys.create("amber's program")[1]
    assert re.fullmatch(r"sk-gp-[\w-]+", text)
    assert (len(text) - len("sk-gp-")) * 6 >= 160
    assert keys.create("amber's program")[1] != text


def test_a_new_key_is_known_within_a_second_by_its_name(keys: Keys, within) -> None:  # type: ignore[no-untyped-def]
    text = keys.create("amber's program")[1]
    assert within(1.0, lambda: keys.find(text))
    found = keys.find(text)
    assert found == Key(1, "amber's program", scope=hashlib.sha256(text.encode()).hexdigest())


def test_only_a_hash_and_a_short_beginning_are_kept(keys: Keys, path: Path) -> None:
    text = keys.create("amber's program")[1]
    on_disk = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"amber's program" in on_disk  # it is the right file
    assert text.encode() not in on_disk
    assert text[10:].encode() not in on_disk
    (listed,) = keys.list()
    assert text.startswith(listed.prefix)
    assert len(listed.prefix) <= 10


def test_the_list_tells_everything_but_the_key(store: Store) -> None:
    keys = Keys(store, (), clock=lambda: 1_767_225_600.0)
    text = keys.create("amber's program")[1]
    keys.create("bruno's program")
    keys.revoke(1)
    first, second = keys.list()
    assert (first.id, first.name, first.active, first.created_at) == (1, "amber's program", False, 1767225600)
    assert (second.id, second.name, second.active) == (2, "bruno's program", True)
    assert text not in repr(keys.list())


def test_unknown_texts_are_nobody(keys: Keys) -> None:
    text = keys.create("amber's program")[1]
    assert keys.find("") is None
    assert keys.find("sk-gp-nonsense") is None
    assert keys.find(text[:-1]) is None
    assert keys.find("ключ 🔑") is None


def test_keys_of_the_environment_are_accepted_and_not_listed(store: Store) -> None:
    keys = Keys(store, ("sk-one", "two"))
    for text in ("sk-one", "two"):
        scope = hashlib.sha256(text.encode()).hexdigest()
        assert keys.find(text) == Key(None, "API_KEY", scope, upgrade=False)
    assert keys.find("sk-three") is None
    assert keys.list() == []


def test_keys_of_the_environment_survive_a_change_of_the_others(store: Store, within) -> None:  # type: ignore[no-untyped-def]
    keys = Keys(store, ("sk-one",))
    text = keys.create("amber's program")[1]
    assert within(1.0, lambda: keys.find(text))
    assert keys.find("sk-one")


def test_revoking_says_whether_there_was_such_a_key(keys: Keys) -> None:
    keys.create("amber's program")
    assert keys.revoke(1)
    assert not keys.revoke(2)


def test_a_revoked_key_is_refused_here_within_a_second(keys: Keys, within) -> None:  # type: ignore[no-untyped-def]
    text, other = keys.create("amber's program")[1], keys.create("bruno's program")[1]
    assert within(1.0, lambda: keys.find(text) and keys.find(other))
    keys.revoke(1)
    assert within(1.0, lambda: keys.find(text) is None)
    assert keys.find(other)


def test_a_revoked_key_is_refused_by_another_process_within_a_second(
    keys: Keys,
    path: Path,
    elsewhere,  # type: ignore[no-untyped-def]
) -> None:
    code = """
import sys, time
from pathlib import Path
from gemini_pool.store.db import Store
from gemini_pool.store.keys import Keys
keys = Keys(Store(Path(sys.argv[1])), ())
print("known" if keys.find(sys.argv[2]) else "unknown", flush=True)
while keys.find(sys.argv[2]):
    time.sleep(0.005)
print(time.monotonic(), flush=True)
"""
    text = keys.create("amber's program")[1]
    other = elsewhere(code, path, text)
    assert other.stdout.readline() == "known\n"
    revoked = time.monotonic()
    keys.revoke(1)
    refused = float(other.stdout.readline())
    assert refused - revoked < 1.0


def test_a_revoked_key_is_refused_though_the_first_reading_fails(path: Path, within) -> None:  # type: ignore[no-untyped-def]
    class DownOnce(Store):
        down = False

        @contextmanager
        def reading(self) -> Iterator[None]:
            if self.down:
                self.down = False
                raise StoreError("The database does not answer: unable to open database file")
            with super().reading():
                yield

    elsewhere, here = Store(path), DownOnce(path)
    elsewhere.migrate()
    text = Keys(elsewhere, ()).create("amber's program")[1]
    keys = Keys(here, ())
    assert keys.find(text)
    here.down = True
    Keys(elsewhere, ()).revoke(1)

    def refused() -> bool:
        with suppress(StoreError):
            return keys.find(text) is None
        return False

    assert within(1.0, refused)


# Better models


def test_an_upgrade_shows_in_the_list_and_is_known_within_a_second(
    keys: Keys,
    path: Path,
    within,  # type: ignore[no-untyped-def]
) -> None:
    text, other = keys.create("amber's program")[1], keys.create("bruno's program")[1]
    elsewhere = Keys(Store(path), ())
    assert [key.upgrade for key in keys.list()] == [False, False]
    assert elsewhere.change(1, upgrade=True)
    assert [key.upgrade for key in keys.list()] == [True, False]
    assert within(1.0, lambda: (key := keys.find(text)) and key.upgrade)
    assert not keys.find(other).upgrade  # type: ignore[union-attr]
    assert elsewhere.change(1, upgrade=False)
    assert within(1.0, lambda: (key := keys.find(text)) and not key.upgrade)


def test_upgrading_says_whether_there_was_such_a_key(keys: Keys) -> None:
    assert not keys.change(1, upgrade=True)


def test_no_two_keys_share_a_scope(store: Store) -> None:
    texts = ["sk-one", "two"]
    texts += [Keys(store, ()).create("one name for all")[1] for _ in range(3)]
    keys = Keys(store, texts[:2])
    assert len({keys.find(text).scope for text in texts}) == len(texts)  # type: ignore[union-attr]
