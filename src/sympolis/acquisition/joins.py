"""Joins rows to the master data: a name in a column becomes the one id by which the twin knows the thing.

Acquisition knows identities only by this port; ``governance.masterdata`` keeps them. A name that nobody knows is noted
there, so that a steward can decide what it is, and the row waits in quarantine until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sympolis.acquisition.mapping import JoinRule
from sympolis.acquisition.quality import Reason


class Identities(Protocol):
    """What a join asks of the master data."""

    def find(self, kind: str, words: str, at: datetime | None) -> tuple[str, ...]:
        """Local ids of the things that ``words`` name (id, code, name or alias) at a time; now where there is none."""
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
        self._rules = rules
        self._identities = identities
        self._source = source

    def join(
        self, fields: Mapping[str, Any], at: datetime | None, reasons: list[Reason]
    ) -> Mapping[str, Any]:
        """The row's fields and those that the joins make; what is not known is added to ``reasons``."""
        made: dict[str, Any] = {}
        for rule in self._rules:
            words = fields.get(rule.field)
            made[rule.name] = None if words is None else self._one(rule, str(words).strip(), at, reasons)
        return {**fields, **made}

    def _one(self, rule: JoinRule, words: str, at: datetime | None, reasons: list[Reason]) -> str | None:
        assert self._identities is not None, "a mapping with joins runs with master data"
        found = self._identities.find(rule.kind, words, at)
        if len(found) == 1:
            return found[0]
        if not found:
            self._identities.note(rule.kind, words, self._source)
        if not rule.optional:
            reasons.append(self._reason(rule, words, found))
        return None

    def _reason(self, rule: JoinRule, words: str, found: tuple[str, ...]) -> Reason:
        assert self._identities is not None
        if found:
            message = f"{words!r} may be {' or '.join(found)} of {rule.kind}"
            return Reason(rule.field, "reference", message, "a name that only one thing has, or its id")
        near = self._identities.closest(rule.kind, words)
        message = f"{words!r} is not in the master data ({rule.kind})" + (f"; near: {near}" if near else "")
        return Reason(rule.field, "reference", message, "a known id, code, name or alias")
