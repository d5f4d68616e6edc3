"""All that the program keeps, in and out: written as one document, and taken over from whatever is given."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gemini_pool.errors import BadRequest
from gemini_pool.store.accounts import Accounts, Applied
from gemini_pool.store.backups import Backups
from gemini_pool.store.catalog import Catalog, ModelEntry
from gemini_pool.store.saved import SavedSettings
from gemini_pool.store.transfer.document import (
    is_secret,
    keys_in,
    models_in,
    peers_in,
    settings_in,
    written,
)
from gemini_pool.store.transfer.found import Problem
from gemini_pool.store.transfer.plan import Plan, plan
from gemini_pool.store.transfer.reading import MOST_CHARACTERS, read_pasted


class PortableKeys(Protocol):
    """The keys, as a file may hold them: hashes, names and limits, never a key's text."""

    def exported(self) -> list[dict[str, Any]]: ...
    def take_over(self, keys: Sequence[Mapping[str, Any]]) -> int:
        """Add the keys that are not there; how many those were. What cannot be read is passed over."""
        ...


class PortablePeers(Protocol):
    """Other instances, as a file with secrets may hold them."""

    def exported(self) -> list[dict[str, Any]]: ...
    def take_over(self, peers: Sequence[Mapping[str, Any]]) -> int:
        """Add the peers that are not there; how many those were. What cannot be used is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Intent:
    """What taking over a text would do; nothing of it is done yet."""

    accounts: Plan
    problems: tuple[Problem, ...] = ()
    models: tuple[ModelEntry, ...] = ()
    models_deleted: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    peers: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in numbers; and the backup of what was there before."""

    accounts: Applied
    models: int
    settings: int
    keys: int
    backup: Path


class Transfer:
    """Export and import over all stores."""

    def __init__(
        self,
        accounts: Accounts,
        catalog: Catalog,
        saved: SavedSettings,
        backups: Backups,
        keys: PortableKeys | None = None,
        clock: Callable[[], float] = time.time,
        *,
        peers: PortablePeers | None = None,
    ) -> None:
        self._accounts = accounts
        self._catalog = catalog
        self._saved = saved
        self._backups = backups
        self._keys = keys
        self._peers = peers
        self._clock = clock

    def export(self, *, secrets: bool) -> dict[str, Any]:
        """Everything as JSON values; cookies and mailboxes' passwords, in the clear, only with `secrets`."""
        return written(
            self._accounts.profiles(),
            self._catalog.rows(),
            self._saved.all(),
            self._keys.exported() if self._keys else None,
            self._peers.exported() if self._peers and secrets else None,
            secrets=secrets,
            at=self._clock(),
        )

    def preview(self, text: str, *, replacing: bool = False, force: bool = False) -> Intent:
        """What taking over a text would do: a whole document, or accounts in any form that can be pasted.

        It is merged with what is there. `replacing` deletes the accounts, and if the text has any, the models
        that are not in it; BadRequest when that would leave no account, unless it is forced.
        """
        reading = read_pasted(text)
        accounts = plan(reading.found, self._accounts.profiles(), replacing=replacing, force=force)
        document, there = _document(text), self._catalog.rows()
        models = list(models_in(document, there, self._fault))
        settings = list(settings_in(document))
        entries = tuple(one for one in models if not isinstance(one, Problem))
        kept = {one.id for one in entries}
        return Intent(
            accounts=accounts,
            problems=(
                *reading.problems,
                *(one for one in models if isinstance(one, Problem)),
                *(one for one in settings if isinstance(one, Problem)),
            ),
            models=tuple(one for one in entries if one not in there),
            models_deleted=tuple(one.id for one in there if replacing and kept and one.id not in kept),
            settings=dict(one for one in settings if not isinstance(one, Problem)),
            keys=keys_in(document) if self._keys else (),
            peers=peers_in(document),
        )

    def carry_out(self, intent: Intent) -> Done:
        """Do what was previewed, after a backup. Each store's part is done wholly or not at all."""
        backup = self._backups.make()
        for name, value in intent.settings.items():
            self._saved.save(name, value, secret=is_secret(name))
        for model_id in intent.models_deleted:
            self._catalog.delete(model_id)
        self._catalog.put(*intent.models)
        if self._peers:
            self._peers.take_over(intent.peers)
        return Done(
            keys=self._keys.take_over(intent.keys) if self._keys else 0,
            accounts=self._accounts.apply(intent.accounts),
            models=len(intent.models),
            settings=len(intent.settings),
            backup=backup,
        )

    def _fault(self, entry: ModelEntry) -> str | None:
        try:
            self._catalog.check(entry)
        except BadRequest as error:
            return error.param or "id"
        return None


def _document(text: str) -> Mapping[str, Any]:
    """The text as one JSON object; empty when it is anything else."""
    try:
        value = json.loads(text.removeprefix("\ufeff")) if len(text) <= MOST_CHARACTERS else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
