"""The console's door: who may come in, who is in, and who has knocked too often."""

from dataclasses import dataclass
from pathlib import Path

from gemini_pool.store.admins import Admins
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault
from gemini_pool.store.sessions import Sessions
from gemini_pool.store.setup_code import SetupCode
from gemini_pool.store.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Door:
    admins: Admins
    sessions: Sessions
    throttle: Throttle


def open_door(store: Store, vault: Vault, behind: WriteBehind, folder: Path, fixed: tuple[str, ...]) -> Door:
    """`folder` keeps the set-up code; `fixed` are the passwords of the environment, if it has any."""
    sessions = Sessions(store, behind)
    return Door(Admins(store, vault, SetupCode(folder), sessions, fixed), sessions, Throttle(store))
