"""Who exists in the simulated world: accounts drawn from nothing but their names."""

import hashlib
import uuid
from dataclasses import dataclass

from gemini_pool.simulator.mail.boxes import SimBox, make_box

CAST = ("amber", "bruno", "clara", "dieter", "emil")

_NAMESPACE = uuid.UUID("5f0d7c1e-8a43-5b0e-9c55-0d1f6b1a7e20")


@dataclass(frozen=True, slots=True)
class SimAccount:
    """A seat of the service as its owner would have copied it out of a browser."""

    name: str
    secure_c_ses: str
    host_c_oses: str
    csesidx: str
    config_id: str

    @property
    def email(self) -> str:
        """Where the service sends its codes."""
        return self.box.address

    @property
    def box(self) -> SimBox:
        """The mailbox behind that, with all that its services take."""
        return make_box(self.name)

    def as_config(self) -> dict[str, str]:
        """One object of an `ACCOUNTS_CONFIG` array."""
        return {
            "id": self.name,
            "secure_c_ses": self.secure_c_ses,
            "host_c_oses": self.host_c_oses,
            "csesidx": self.csesidx,
            "config_id": self.config_id,
        }

    @property
    def project(self) -> str:
        """The project number (12 digits) that full session names of this account carry."""
        return f"{_number(self.name, 'project', 10**11, 10**12)}"


def make_account(name: str) -> SimAccount:
    """The account of that name: always the same credentials for the same name."""
    return SimAccount(
        name=name,
        secure_c_ses=f"CSE.{_digest(name, 'secure')}",
        host_c_oses=f"COS.{_digest(name, 'host')}",
        csesidx=f"{_number(name, 'csesidx', 10**8, 10**10)}",
        config_id=f"{uuid.uuid5(_NAMESPACE, name)}",
    )


def _digest(name: str, purpose: str) -> str:
    return hashlib.sha256(f"{purpose}:{name}".encode()).hexdigest()


def _number(name: str, purpose: str, low: int, high: int) -> int:
    return low + int(_digest(name, purpose), 16) % (high - low)
