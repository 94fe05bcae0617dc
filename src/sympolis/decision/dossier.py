"""Decision files: the question, what was computed for it, what people said, what was decided and what came of it, in
one record that nobody can quietly change later.

A file is a draft until somebody decides. From then on it only grows: each seal holds its content, the SHA-256 of that
content together with the digest of the seal before, and a signature of the twin. Whoever alters or removes one has to
alter all that follow, and cannot sign them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

BEGINNING: Final = "0" * 64
"""The digest before the first seal."""
_canonical = msgspec.json.Encoder(order="deterministic")


class Outcome(StrEnum):
    """What was decided on the question."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    DEFERRED = "deferred"


class Kind(StrEnum):
    """What a seal holds."""

    DECISION = "decision"
    """The question, its evidence and what was decided."""
    MEASURED = "measured"
    """What was measured after the measure, beside what had been computed."""


class Sealing(Protocol):
    """The twin's own signature (JWS, RFC 7515)."""

    def sign(self, payload: bytes) -> str:
        """A compact JWS over ``payload``."""
        ...

    def check(self, signature: str) -> bytes | None:
        """The payload that a key of this twin signed; None where none did."""
        ...


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed part. ``digest``: SHA-256 (hex) of the part's canonical JSON and ``before``."""

    kind: Kind
    at: datetime
    by: str
    content: dict[str, Any]
    before: str = BEGINNING
    digest: str = ""
    signature: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision file. ``runs``: ids of the runs that are compared; ``contributions``: ids of what people said."""

    id: str
    title: str
    question: str
    author: str
    created_at: datetime
    modified_at: datetime
    runs: tuple[str, ...] = ()
    contributions: tuple[str, ...] = ()
    notes: str = ""
    seals: tuple[Seal, ...] = ()

    @property
    def is_sealed(self) -> bool:
        """Whether it was decided: nothing above changes any more."""
        return bool(self.seals)

    @property
    def status(self) -> str:
        """``draft``, or what was decided."""
        return str(self.seals[0].content["decision"]["outcome"]) if self.seals else "draft"


def digest_of(seal: Seal) -> str:
    """SHA-256 (hex) of what the seal holds and of the digest before it."""
    held = {"kind": seal.kind, "at": seal.at, "by": seal.by, "content": seal.content, "before": seal.before}
    return hashlib.sha256(_canonical.encode(held)).hexdigest()


def sealed(decision: Decision, seal: Seal, sealing: Sealing) -> Decision:
    """The file with one more seal, chained to the last and signed."""
    before = decision.seals[-1].digest if decision.seals else BEGINNING
    chained = msgspec.structs.replace(seal, before=before)
    digest = digest_of(chained)
    signed = msgspec.structs.replace(
        chained, digest=digest, signature=sealing.sign(_statement(decision.id, digest))
    )
    return msgspec.structs.replace(decision, modified_at=seal.at, seals=(*decision.seals, signed))


def faults(decision: Decision, sealing: Sealing) -> list[str]:
    """What does not hold of a file's seals, in words; empty where everything does."""
    found, before = [], BEGINNING
    for number, seal in enumerate(decision.seals, start=1):
        if seal.before != before:
            found.append(f"seal {number} does not follow the one before it")
        if digest_of(seal) != seal.digest:
            found.append(f"seal {number} was altered after it was signed")
        if sealing.check(seal.signature) != _statement(decision.id, seal.digest):
            found.append(f"seal {number} is not signed by this twin")
        before = seal.digest
    return found


def evidence_digest(document: Mapping[str, Any] | Sequence[Any]) -> str:
    """SHA-256 (hex) of a run's results, by which a file names exactly what it rests on."""
    return hashlib.sha256(_canonical.encode(document)).hexdigest()


def _statement(decision: str, digest: str) -> bytes:
    return _canonical.encode({"decision": decision, "digest": digest})
