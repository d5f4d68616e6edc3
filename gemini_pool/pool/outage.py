"""An outage told from a bad account: when several cannot be reached within seconds, it is not they."""

import logging
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

WITHIN_SECONDS = 10.0
SEVERAL = 3


@dataclass(slots=True)
class Outage:
    """Which accounts could not be reached since any account last answered. Guarded by its owner's lock."""

    on: bool = False
    _unreached: dict[int, float] = field(default_factory=dict)

    def unreachable(self, account_id: int, *, of: int, now: float) -> bool:
        """Note that an account could not be reached, one `of` so many: whether that makes an outage."""
        self._unreached = {i: at for i, at in self._unreached.items() if now - at < WITHIN_SECONDS}
        self._unreached[account_id] = now
        if not self.on and len(self._unreached) >= max(2, min(SEVERAL, of)):
            self.on = True
            log.warning(
                "%d accounts could not be reached within %d s and none answered: the network, the proxy or "
                "the service is down, and no account is blamed",
                len(self._unreached),
                WITHIN_SECONDS,
            )
        return self.on

    def blamed(self) -> list[int]:
        """The accounts that could not be reached."""
        return list(self._unreached)

    def answered(self) -> None:
        """An account was reached: what fails now is the accounts' own doing."""
        if self.on:
            log.warning("the service is reached again")
        self.on = False
        self._unreached.clear()
