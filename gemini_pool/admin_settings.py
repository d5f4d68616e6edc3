"""The knobs of the console: whether there is one, and who comes in."""

from dataclasses import dataclass

from gemini_pool.knobs import knob
from gemini_pool.readers import PASSWORD, SWITCH


@dataclass(frozen=True)
class AdminSettings:
    """A part of Settings."""

    console: bool = knob("CONSOLE", "1", SWITCH, "Serve the console and the admin API.")
    admin_password: str = knob(
        "ADMIN_PASSWORD",
        "",
        PASSWORD,
        "Password of the console; without it the first visit sets one, with a code from the log.",
        secret=True,
    )
    admin_key: str = knob(
        "ADMIN_KEY",
        "",
        PASSWORD,
        "The same, and programs may also send it as `X-Admin-Token` to the admin API.",
        secret=True,
    )

    @property
    def admin_secrets(self) -> tuple[str, ...]:
        """The passwords that the environment fixes, if it does."""
        return tuple(filter(None, (self.admin_password, self.admin_key)))
