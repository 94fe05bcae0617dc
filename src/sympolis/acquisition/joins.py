"""Joins rows to the master data: a name in a column becomes the one id by which the twin knows the thing.

Acquisition knows identities only by this port; ``governance.masterdata`` keeps them. A name that nobody knows is noted
there, so that a steward can decide what it is, and the row waits in quarantine until then.

Where a join says ``within_m``, the row's place helps: it tells things of one name apart, stands for a name where there
is none, and holds what lies elsewhere. It never makes one thing out of two names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from sympolis.acquisition.mapping import JoinRule
from sympolis.acquisition.quality import Reason

Position = tuple[float, float]
"""Longitude, latitude in degrees."""
AMBIGUOUS: Final = 2.0
"""The nearest of several is meant where every other is at least so many times as far."""
_SHOWN: Final = 5


class Identities(Protocol):
    """What a join asks of the master data."""

    def find(self, kind: str, words: str, at: datetime | None) -> tuple[str, ...]:
        """Local ids of the things that ``words`` name (id, code, name or alias) at a time; now where there is none."""
        ...

    def near(
        self, kind: str, words: str, position: Position, within_m: float, at: datetime | None
    ) -> Sequence[tuple[str, float]]:
        """Ids and distances (m) of things around a place, the nearest first; what a steward ruled out is left out."""
        ...

    def away(self, kind: str, thing_id: str, position: Position) -> float | None:
        """Metres from a place to a thing; None where nobody knows where the thing is."""
        ...

    def placed(self, words: str, position: Position) -> str:
        """Words and a place as the one name that a steward decides on."""
        ...

    def closest(self, kind: str, words: str) -> str:
        """The likeliest thing in a few words, for the sender; empty where nothing is near."""
        ...

    def note(self, kind: str, words: str, source: str) -> None:
        """Remember that ``source`` speaks of a thing nobody knows."""
        ...

    def version(self, kinds: Iterable[str]) -> str:
        """Changes with every decision about these kinds."""
        ...


class Joiner:
    """The joins of one mapping, for one run of a source."""

    def __init__(self, rules: tuple[JoinRule, ...], identities: Identities | None, source: str) -> None:
        if identities is None:
            raise TypeError("a mapping with joins runs with master data")
        self._rules = rules
        self._known = identities
        self._source = source

    def join(
        self,
        fields: Mapping[str, Any],
        at: datetime | None,
        reasons: list[Reason],
        where: Callable[[], Position | None] = lambda: None,
    ) -> Mapping[str, Any]:
        """The row's fields and those that the joins make; what is not known is added to ``reasons``.

        ``where``: gives the row's place, asked only by joins that say ``within_m``.
        """
        made: dict[str, Any] = {}
        for rule in self._rules:
            words = fields.get(rule.field) if rule.field is not None else None
            text = "" if words is None else str(words).strip()
            position = where() if rule.within_m is not None else None
            if position is not None:
                made[rule.name] = self._placed(rule, text, position, at, reasons)
            else:
                made[rule.name] = self._named(rule, words is None, text, at, reasons)
        return {**fields, **made}

    def _named(
        self, rule: JoinRule, empty: bool, words: str, at: datetime | None, reasons: list[Reason]
    ) -> str | None:
        if empty:
            if rule.field is None and not rule.optional:
                reasons.append(Reason(rule.name, "reference", "the row has no place", "coordinates"))
            return None
        found = self._known.find(rule.kind, words, at)
        if len(found) == 1:
            return found[0]
        if rule.pass_over and not found:
            return None
        if not found:
            self._known.note(rule.kind, words, self._source)
        if not rule.optional:
            reasons.append(self._reason(rule, words, found))
        return None

    def _placed(
        self, rule: JoinRule, words: str, position: Position, at: datetime | None, reasons: list[Reason]
    ) -> str | None:
        """The thing by name and place; what a steward decided about this name at this place comes first."""
        assert rule.within_m is not None
        spot = self._known.placed(words, position)
        decided = self._known.find(rule.kind, spot, at)
        if len(decided) == 1:
            return decided[0]
        named = self._known.find(rule.kind, words, at) if words else ()
        near = self._known.near(rule.kind, words, position, rule.within_m, at)
        found = self._meant(rule, named, near, position) if named or not words else None
        if found is None:
            self._known.note(rule.kind, spot, self._source)
            if not rule.optional:
                reasons.append(self._far(rule, words, named, near, position))
        return found

    def _meant(
        self, rule: JoinRule, named: Sequence[str], near: Sequence[tuple[str, float]], position: Position
    ) -> str | None:
        """The one thing that can be meant; None where there is none, or where there are several."""
        if not named:
            return _nearest(near)
        lost = [one for one in named if self._known.away(rule.kind, one, position) is None]
        if lost:  # nobody knows where it is: its name alone must do
            return lost[0] if len(named) == 1 else None
        return _nearest([one for one in near if one[0] in named])

    def _reason(self, rule: JoinRule, words: str, found: tuple[str, ...]) -> Reason:
        field = rule.field or rule.name
        if found:
            message = f"{words!r} may be {' or '.join(found)} of {rule.kind}"
            return Reason(field, "reference", message, "a name that only one thing has, or its id")
        near = self._known.closest(rule.kind, words)
        message = f"{words!r} is not in the master data ({rule.kind})" + (f"; near: {near}" if near else "")
        return Reason(field, "reference", message, "a known id, code, name or alias")

    def _far(
        self,
        rule: JoinRule,
        words: str,
        named: Sequence[str],
        near: Sequence[tuple[str, float]],
        position: Position,
    ) -> Reason:
        if words and not named:
            around = _told(near)
            known = self._reason(rule, words, ())
            return Reason(
                known.field,
                known.rule,
                known.message + (f"; around: {around}" if around else ""),
                known.expected,
            )
        away = [(one, self._known.away(rule.kind, one, position)) for one in named] or near
        what = repr(words) if words else "the place"
        message = f"{what} may be {_told(away)} of {rule.kind}" if away else f"no {rule.kind} is near {what}"
        expected = f"one thing within {rule.within_m:g} m, every other at least {AMBIGUOUS:g} times as far"
        return Reason(rule.field or rule.name, "reference", message, expected)


def _nearest(near: Sequence[tuple[str, float]]) -> str | None:
    """The nearest, if it is clearly that. ``near``: the nearest first."""
    if not near or (len(near) > 1 and near[1][1] < AMBIGUOUS * max(near[0][1], 1.0)):
        return None
    return near[0][0]


def _told(near: Sequence[tuple[str, float | None]]) -> str:
    """Things with their distances, in words."""
    return " or ".join(
        f"{one} (nobody knows where)" if away is None else f"{one} ({away:,.0f} m away)"
        for one, away in near[:_SHOWN]
    )
