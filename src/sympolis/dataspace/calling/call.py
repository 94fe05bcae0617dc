"""One call of a partner's service or model, as its consumer knows it: what was asked, under which agreement, and what
came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class CallState(StrEnum):
    """How far a call has come."""

    BEGUN = "begun"
    """Kept, and not yet taken by the partner."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        return self in (CallState.DONE, CallState.FAILED, CallState.STOPPED)


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What the partner answered, as it is kept: the file's name, what it is, its size and hash."""

    file: str
    media: str
    bytes: int
    sha256: str
    at: datetime


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """See the module. ``asset`` is what the agreement is about, ``requests`` name what both sides have metered."""

    id: str
    began: datetime
    changed: datetime
    by: str
    partner: str
    asset: str
    agreement: str
    transfer: str
    inputs: dict[str, Any]
    purposes: tuple[str, ...] = ()
    place: str = ""
    state: CallState = CallState.BEGUN
    job: str = ""
    progress: int = 0
    why: str = ""
    requests: tuple[str, ...] = ()
    came: Came | None = None
    provenance: dict[str, Any] = {}
    """What the partner says of how the answer came about: model, version, data, calibration, lineage."""
