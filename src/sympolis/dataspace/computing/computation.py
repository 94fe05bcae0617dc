"""One computation as each side keeps it: what was asked, who decided what and why, what came of it, what it cost."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class State(StrEnum):
    """How far a computation has come."""

    BEGUN = "begun"
    """Kept by the consumer, and not yet taken by the provider."""
    SUBMITTED = "submitted"
    """Somebody at the provider has to approve the package."""
    RUNNING = "running"
    HELD = "held"
    """It has run, and somebody at the provider has to release its outputs."""
    RELEASED = "released"
    REFUSED = "refused"
    """By people, by the agreement, or by the checks of what may leave."""
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        return self in (State.RELEASED, State.REFUSED, State.FAILED)


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people decided."""

    at: datetime
    by: str
    act: str
    why: str


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A partner's computation on our data. ``outputs`` have passed the checks; they leave once it is released."""

    id: str
    at: datetime
    changed: datetime
    agreement: str
    transfer: str
    partner: str
    dataset: str
    request: str
    digest: str
    declaration: dict[str, Any]
    script: str = ""
    parameters: dict[str, Any] = {}
    purposes: tuple[str, ...] = ()
    place: str = ""
    state: State = State.SUBMITTED
    why: str = ""
    decided: tuple[Decided, ...] = ()
    rows: int = 0
    outputs: dict[str, Any] | None = None
    suppressed: dict[str, int] = {}
    cpu_s: float = 0.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Our computation on a partner's data. ``peer`` is the partner's id of it."""

    id: str
    at: datetime
    changed: datetime
    by: str
    partner: str
    asset: str
    agreement: str
    transfer: str
    digest: str
    declaration: dict[str, Any]
    parameters: dict[str, Any] = {}
    purposes: tuple[str, ...] = ()
    place: str = ""
    state: State = State.BEGUN
    peer: str = ""
    why: str = ""
    outputs: dict[str, Any] | None = None
    suppressed: dict[str, int] = {}
    rows: int = 0
    cpu_s: float = 0.0
    requests: tuple[str, ...] = ()


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A package that somebody has approved for an agreement."""

    agreement: str
    digest: str
    at: datetime
    by: str
    why: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a package, for as long as it may be run."""

    files: dict[str, bytes]
