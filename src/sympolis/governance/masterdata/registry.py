"""The master data of a city: who a name means, at which time; what nobody knows; and the decisions about both."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.governance.masterdata.folding import State, folded_state, in_force
from sympolis.governance.masterdata.model import Book, Decision, Kind, Thing, Unknown
from sympolis.governance.masterdata.names import MOST, Candidate, Normaliser, candidates, distance_m, folded
from sympolis.governance.masterdata.nearness import FARTHEST_M, Position, Surroundings, apart, placed

_MOST_WORDS: Final = 300
_MOST_UNKNOWN: Final = 10_000
_MOST_NEAR: Final = 200
"""For so many unknown names between two decisions the likeliest thing is looked for."""


@dataclass(frozen=True, slots=True)
class Match:
    """An open question: what a name that nobody knows may mean."""

    unknown: Unknown
    candidates: tuple[Candidate, ...]

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        found = [
            {"id": one.thing.id, "name": one.thing.name, "score": one.score, "reasons": one.reasons}
            for one in self.candidates
        ]
        return {**msgspec.to_builtins(self.unknown), "candidates": found}


def _now() -> datetime:
    return datetime.now(UTC)


class MasterData:
    """See the module. ``declared``: the things of the city's registers, by kind."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        declared: Mapping[str, Sequence[Thing]],
        book: Book,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._kinds, self._declared, self._book, self._clock = kinds, declared, book, clock
        self._lock = threading.RLock()
        self._states: dict[str, State] = {}
        self._index: dict[str, dict[str, tuple[str, ...]]] = {}
        self._noted: set[tuple[str, str, str]] = {
            (one.kind, one.words, one.source) for one in book.unknowns()
        }
        self._taken = book.decisions()
        self._normalisers: dict[str, Normaliser] = {}
        self._near: dict[str, dict[str, str]] = {}
        self._places: dict[str, Surroundings] = {}

    # --- what is known

    def kinds(self) -> list[Kind]:
        """Every kind."""
        return list(self._kinds.values())

    def kind(self, kind: str) -> Kind:
        """One kind. Raises ``NotFound``."""
        if kind not in self._kinds:
            hint = did_you_mean(kind, self._kinds)
            raise errors.NotFound(f"there is no kind of master data {kind!r}", where="kind", hint=hint)
        return self._kinds[kind]

    def things(self, kind: str, at: date | None = None, words: str = "") -> list[Thing]:
        """The things of a kind: those of a day, or all; those that a name or code means, or all."""
        state = self._state(kind)
        names = set(self._known(kind, words)) if words else None
        return [
            one
            for one in state.things.values()
            if (at is None or one.at(at)) and (names is None or one.id in names)
        ]

    def thing(self, kind: str, thing_id: str) -> Thing:
        """One thing. Raises ``NotFound``."""
        found = self._state(kind).things.get(thing_id)
        if found is None:
            raise errors.NotFound(f"{kind} has no {thing_id!r}", where="id", hint="look it up by its name")
        return found

    def history(self, kind: str, thing_id: str) -> list[Decision]:
        """The decisions about a thing, undone ones included."""
        self.thing(kind, thing_id)
        own = [one for one in self.decisions(kind) if thing_id == one.thing or thing_id in one.others]
        numbers = {one.number for one in own}
        return [one for one in self.decisions(kind) if one.number in numbers or one.undoes in numbers]

    def decisions(self, kind: str = "") -> list[Decision]:
        """Every decision, in order; those about one kind."""
        return [one for one in self._taken if kind in ("", one.kind)]

    def _state(self, kind: str) -> State:
        self.kind(kind)
        with self._lock:
            if kind not in self._states:
                mine = [one for one in in_force(self._taken) if one.kind == kind]
                self._states[kind] = folded_state(self._declared.get(kind, ()), mine)
            return self._states[kind]

    def _names(self, kind: str) -> dict[str, tuple[str, ...]]:
        """Folded name, alias, code or id → ids of the things it means."""
        with self._lock:
            if kind not in self._index:
                index: dict[str, dict[str, None]] = {}
                for one in self._state(kind).things.values():
                    for name in (one.id, one.name, *one.aliases, *one.codes, *one.spots):
                        index.setdefault(folded(name), {})[one.id] = None
                self._index[kind] = {name: tuple(ids) for name, ids in index.items()}
            return self._index[kind]

    def _known(self, kind: str, words: str) -> tuple[str, ...]:
        """Ids of the things that ``words`` name; an id that is meant to the letter wins."""
        if words in self._state(kind).things:
            return (words,)
        return self._names(kind).get(folded(words), ())

    # --- what acquisition asks (``acquisition.joins.Identities``)

    def find(self, kind: str, words: str, at: datetime | None) -> tuple[str, ...]:
        """Ids of the things that ``words`` name at a time; one that ended leads to what it became."""
        day = None if at is None else at.date()
        state = self._state(kind)
        found: dict[str, None] = {}
        for thing_id in self._known(kind, words):
            if (words, thing_id) not in state.rejected:
                found |= dict.fromkeys(self._living(state, thing_id, day))
        return tuple(found)

    def _living(self, state: State, thing_id: str, day: date | None, depth: int = 20) -> list[str]:
        thing = state.things.get(thing_id)
        if thing is None or depth == 0:
            return []
        if thing.at(day) or not thing.successors:
            return [thing_id]
        if day is not None and thing.valid_from is not None and day < thing.valid_from:
            return [thing_id]
        return [one for next_id in thing.successors for one in self._living(state, next_id, day, depth - 1)]

    def placed(self, words: str, position: Position) -> str:
        """See ``nearness.placed``."""
        return placed(words, position)

    def away(self, kind: str, thing_id: str, position: Position) -> float | None:
        """Metres from a place to a thing; None where nobody knows where the thing is."""
        where = self.thing(kind, thing_id).position
        return None if where is None else distance_m(position, where)

    def near(
        self, kind: str, words: str, position: Position, within_m: float, at: datetime | None
    ) -> list[tuple[str, float]]:
        """Ids and distances (m) of the things around a place at a time, the nearest first; without those that were
        rejected for ``words`` there."""
        state = self._state(kind)
        with self._lock:
            if kind not in self._places:
                self._places[kind] = Surroundings(state.things.values())
            found = self._places[kind].near(position, within_m)
        day, spot = None if at is None else at.date(), placed(words, position)
        return [(one.id, away) for one, away in found if one.at(day) and (spot, one.id) not in state.rejected]

    def closest(self, kind: str, words: str) -> str:
        """The likeliest thing in a few words; only for so many names, since a broken delivery may have thousands."""
        near = self._near.setdefault(kind, {})
        if words not in near:
            if len(near) >= _MOST_NEAR:
                return ""
            found = self.candidates(kind, words)
            near[words] = f"{found[0].thing.name} ({found[0].thing.id})" if found else ""
        return near[words]

    def note(self, kind: str, words: str, source: str) -> None:
        """Remember that a source speaks of a thing nobody knows."""
        key = (kind, words[:_MOST_WORDS], source)
        with self._lock:
            if key in self._noted or len(self._noted) >= _MOST_UNKNOWN:
                return
            self._noted.add(key)
        self._book.note(Unknown(kind=kind, words=key[1], source=source, seen=self._clock()))

    def version(self, kinds: Iterable[str]) -> str:
        """Changes with the registers and with every decision about these kinds."""
        total = hashlib.sha256()
        for kind in sorted(kinds):
            total.update(repr((kind, self._state(kind))).encode())
        return total.hexdigest()[:16]

    def close(self) -> None:
        """Let go of the book."""
        self._book.close()

    # --- open questions

    def candidates(
        self, kind: str, words: str, position: tuple[float, float] | None = None
    ) -> list[Candidate]:
        """What a name may mean, likeliest first; what was rejected is left out."""
        state = self._state(kind)
        things = [one for one in state.things.values() if (words, one.id) not in state.rejected]
        words, spot = apart(words)
        position = position or spot
        normalise = self._normalisers.setdefault(kind, Normaliser(self.kind(kind)))
        return candidates(words, things, self.kind(kind), position, normalise)

    def matches(self, kind: str = "", *, limit: int = 100, offset: int = 0) -> tuple[int, list[Match]]:
        """(total, page) of the names that sources use and nobody knows yet, the most frequent first.

        Only those of the page are looked for: each is held against every thing of its kind.
        """
        found = [
            one
            for one in self._book.unknowns()
            if kind in ("", one.kind) and one.kind in self._kinds and not self._known(one.kind, one.words)
        ]
        page = found[offset : offset + limit]
        return len(found), [Match(one, tuple(self._proposed(one))) for one in page]

    def _proposed(self, unknown: Unknown) -> list[Candidate]:
        """What a name may mean; what a row without one may be at, the nearest first."""
        words, position = apart(unknown.words)
        if words or position is None:
            return self.candidates(unknown.kind, unknown.words)
        state, near_m = self._state(unknown.kind), self.kind(unknown.kind).near_m
        found = self.near(unknown.kind, words, position, FARTHEST_M, None)[:MOST]
        return [
            Candidate(state.things[one], round(near_m / (near_m + away), 3), (f"{away:.0f} m away",))
            for one, away in found
        ]

    # --- decisions

    def decide(self, decision: Decision) -> Decision:
        """Take a decision. Raises ``NotFound`` for a thing that is not there, ``InvalidRequest``, ``Conflict``."""
        with self._lock:
            self._check(decision)
            taken = self._book.decide(
                msgspec.structs.replace(decision, at=self._clock(), words=decision.words.strip())
            )
            self._taken.append(taken)
            self._states.pop(taken.kind, None)
            self._index.pop(taken.kind, None)
            self._near.pop(taken.kind, None)
            self._places.pop(taken.kind, None)
            return taken

    def _check(self, one: Decision) -> None:
        state = self._state(one.kind)
        if not one.by.strip():
            raise errors.InvalidRequest("expected who decides", where="by")
        if one.action == "undo":
            return self._check_undo(one)
        if len(one.words) > _MOST_WORDS:
            raise errors.InvalidRequest(f"longer than {_MOST_WORDS} characters", where="words")
        if one.action in ("accept", "reject", "rename", "add") and not one.words.strip():
            raise errors.InvalidRequest("expected the name", where="words")
        if one.action == "add":
            if not one.thing or one.thing in state.things:
                raise errors.Conflict(
                    f"{one.thing!r} cannot be a new id", where="thing", hint="choose another"
                )
            return None
        for thing_id in (one.thing, *one.others):
            self.thing(one.kind, thing_id)
        if one.action in ("merge", "split") and (not one.others or one.thing in one.others):
            raise errors.InvalidRequest("expected other things", where="others", hint="ids of the same kind")
        return None

    def _check_undo(self, one: Decision) -> None:
        counting = {taken.number for taken in in_force(self._taken) if taken.kind == one.kind}
        if one.undoes not in counting:
            hint = "numbers are in /api/master-data/decisions"
            raise errors.Conflict(f"{one.undoes} is no decision in force", where="undoes", hint=hint)
