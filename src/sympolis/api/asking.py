"""Who asks: handlers that answer differently for different people find it out here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympolis.api.http import Request
from sympolis.governance.identity.subject import OPERATOR, Subject

if TYPE_CHECKING:
    from sympolis.api.parts import Governed


def subject_of(request: Request) -> Subject:
    """Who asks; the machine's operator where nobody is asked."""
    return OPERATOR if request.subject is None else request.subject


def may(request: Request, right: str, governed: Governed | None) -> bool:
    """Whether whoever asks has a right; yes where nothing is said about who may do what."""
    return governed is None or right in governed.gate.roles.granted(subject_of(request).roles)
