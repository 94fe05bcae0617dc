"""What master data consist of: kinds, things with their names and times, decisions about them, open questions.

Things are never stored as such: they follow from what the city declared and from the decisions of its stewards, taken
in order (``folding``). A decision is undone by leaving it out, and every state can be asked for with the decisions that
made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Protocol

import msgspec

from sympolis.domain.reading import Texts, option

IDENTIFIER: Final = "[a-z][a-z0-9]*(-[a-z0-9]+)*"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of things (``master-data/<id>.toml``), with the register they come from (``<id>.csv`` beside it)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    entity_type: str = option(pattern="[A-Za-z][A-Za-z0-9_]*")
    """Type of the entities that the things are in the twin."""
    entities: bool = False
    """Whether the register itself makes them entities: those that exist, with names, former ids and decisions."""
    near_m: float = option(250.0, minimum=1, maximum=100_000, unit="m")
    """Things farther apart than this are hardly the same."""
    drop: tuple[str, ...] = ()
    """Words that say nothing about which thing is meant (``via``, ``piazza``); they are kept where nothing else is
    left."""
    replace: Mapping[str, str] = option({})
    """Abbreviations → what they stand for (``p.zza`` → ``piazza``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing. ``id`` is the local part of its URN; times are days, None for open ends, ``valid_to`` not included."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    successors: tuple[str, ...] = ()
    """Where the thing went: one for a merger or a renaming into another, several for a split."""
    position: tuple[float, float] | None = None
    """Longitude, latitude in degrees."""
    spots: tuple[str, ...] = ()
    """Words with a place (``nearness.placed``) that were decided to mean it: found like a name, but none of it."""

    def at(self, day: date | None) -> bool:
        """Whether it existed on ``day``; whether it still exists for None."""
        if day is None:
            return self.valid_to is None
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {
            "id": self.id,
            "name": self.name,
            "aliases": self.aliases,
            "codes": self.codes,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "successors": self.successors,
            "position": self.position,
            "spots": self.spots,
        }


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a steward decided, once and for all to see. ``action``: accept, reject, add, rename, retire, merge, split or
    undo."""

    number: int
    at: datetime
    by: str
    kind: str
    action: str
    words: str = ""
    """The name in question (accept, reject, rename), or the thing added."""
    thing: str = ""
    """Id of the thing that it is about."""
    others: list[str] = []
    """The things merged into it, or those that it was split into."""
    day: str = ""
    """From when on it holds (ISO 8601), where that matters."""
    reason: str = ""
    undoes: int = 0


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A name that a source used and nobody knows."""

    kind: str
    words: str
    source: str
    seen: datetime
    times: int = 1


class Book(Protocol):
    """Keeps decisions and open questions. Each call is durable when it returns (for the kinds that last)."""

    def decide(self, decision: Decision) -> Decision:
        """Append a decision; it comes back with its number."""
        ...

    def decisions(self) -> list[Decision]:
        """Every decision, in order."""
        ...

    def note(self, unknown: Unknown) -> None:
        """Remember an unknown name; one that is known already is counted."""
        ...

    def unknowns(self) -> list[Unknown]:
        """Every unknown name, the most frequent first."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


@dataclass(slots=True)
class MemoryBook:
    """The book of a twin that keeps nothing."""

    taken: list[Decision] = field(default_factory=list)
    open: dict[tuple[str, str, str], Unknown] = field(default_factory=dict)

    def decide(self, decision: Decision) -> Decision:
        """See ``Book``."""
        numbered = msgspec.structs.replace(decision, number=len(self.taken) + 1)
        self.taken.append(numbered)
        return numbered

    def decisions(self) -> list[Decision]:
        """See ``Book``."""
        return list(self.taken)

    def note(self, unknown: Unknown) -> None:
        """See ``Book``."""
        key = (unknown.kind, unknown.words, unknown.source)
        known = self.open.get(key)
        times = unknown.times + (known.times if known is not None else 0)
        self.open[key] = msgspec.structs.replace(unknown, times=times)

    def unknowns(self) -> list[Unknown]:
        """See ``Book``."""
        return sorted(self.open.values(), key=lambda one: (-one.times, one.kind, one.words, one.source))

    def close(self) -> None:
        """See ``Book``."""
