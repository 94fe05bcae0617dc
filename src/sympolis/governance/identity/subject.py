"""Who asks, once it is known: the value that rights, policies and the audit log are about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

PERSONS: Final = "urn:sympolis:subject:"
_ROLE: Final = "urn:sympolis:role:"


class Proof(StrEnum):
    """How somebody has shown who they are."""

    NONE = "none"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    SESSION = "session"
    MACHINE = "machine"
    """They work on the machine itself: by the socket that only it has, or by the command line."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who asks.

    ``id`` is '' for a stranger. ``purposes`` are what a key or a token says the data are for; ``via`` is the key's id
    or the issuer.
    """

    id: str
    roles: frozenset[str] = frozenset()
    proof: Proof = Proof.NONE
    via: str = ""
    name: str = ""
    purposes: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether they have said who they are."""
        return self.proof is not Proof.NONE

    @property
    def iri(self) -> str | None:
        """What policies call them: ``urn:sympolis:subject:ID``; None for a stranger."""
        return PERSONS + quote(self.id, safe="") if self.known else None


def role_iri(name: str) -> str:
    """What policies call everybody who has a role: ``urn:sympolis:role:NAME``."""
    return _ROLE + name


STRANGER: Final = Subject("")
OPERATOR: Final = Subject("operator", frozenset({"administrator"}), Proof.MACHINE)
"""Whoever reaches a server that asks nobody who they are."""
