"""Consortia of one twin: kept, judged by their call's rules, held against what their twins proved."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from sympolis.assessment.calls import joining
from sympolis.assessment.calls.consortium import Consortium, Partner, TwinEvidence
from sympolis.assessment.calls.coverage import cover
from sympolis.assessment.calls.judging import budget, judge
from sympolis.assessment.calls.rules import Call, calls
from sympolis.assessment.evidence import Facts, examine
from sympolis.assessment.evidence.checks import CHECKS
from sympolis.assessment.shelf import Shelf
from sympolis.domain import errors

T = TypeVar("T")
MOST_CONSORTIA: Final = 200
MOST_TWINS: Final = 50
_MOST: Final = {"partners": 100, "costs": 2000, "answers": 200, "documents": 200, "statements": 200}
_LONGEST_TEXT: Final = 20_000
_MOST_EUR: Final = 1e12


class CallDesk:
    """See the module. ``folder`` keeps consortia, and rules of the city's own."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._shelf = Shelf(folder / "consortia")
        self._rules = folder / "rules"
        self._now = now
        self._lock = asyncio.Lock()

    def calls(self) -> dict[str, Call]:
        """Every call that there are rules of. Raises ``SettingsInvalid`` for a bad file of the city's own."""
        return calls(self._rules)

    def call(self, call_id: str) -> Call:
        """The rules of one call. Raises ``NotFound``."""
        known = self.calls()
        if call_id not in known:
            raise errors.NotFound(
                f"there is no call {call_id[:60]}", where="call", hint=", ".join(sorted(known))
            )
        return known[call_id]

    def list(self) -> list[Consortium]:
        """Every consortium, by id."""
        return self._shelf.all(Consortium)

    def get(self, consortium: str) -> Consortium:
        """One consortium. Raises ``NotFound``."""
        found = self._shelf.find(consortium, Consortium)
        if found is None:
            raise errors.NotFound(f"there is no consortium {consortium[:60]}", where="consortium")
        return found

    async def found(self, document: Mapping[str, Any], *, by: str) -> Consortium:
        """A new consortium. Raises ``BadRequestData``, ``NotFound`` for its call, ``Conflict`` for one too many."""
        async with self._lock:
            if len(self.list()) >= MOST_CONSORTIA:
                raise errors.Conflict(f"there are {MOST_CONSORTIA} consortia", where="consortium")
            made = self._read(document, f"consortium-{secrets.token_hex(4)}", by=by)
            self._shelf.keep(made.id, made)
        return made

    async def change(self, consortium: str, document: Mapping[str, Any], *, by: str) -> Consortium:
        """Put a document in place of the present one; evidence of twins stays. Raises as ``found``."""
        async with self._lock:
            before = self.get(consortium)
            made = self._read(document, consortium, by=by)
            made = msgspec.structs.replace(made, twins=before.twins, version=before.version + 1)
            self._shelf.keep(consortium, made)
        return made

    async def join(self, consortium: str, document: Mapping[str, Any], *, by: str) -> dict[str, Any]:
        """Take a partner in; what that changes by the rules.

        Raises ``NotFound``, ``BadRequestData``, ``AlreadyExists``.
        """
        async with self._lock:
            before = self.get(consortium)
            given = {"id": joining.free_id(before, str(document.get("name", ""))), **document}
            after = joining.joined(before, _convert(given, Partner, "partner"))
            return self._moved(before, after, by=by)

    async def leave(self, consortium: str, partner: str, *, by: str) -> dict[str, Any]:
        """Let a partner go, with its costs; what that changes by the rules. Raises ``NotFound``."""
        async with self._lock:
            before = self.get(consortium)
            return self._moved(before, joining.left(before, partner), by=by)

    def tried(self, consortium: str, candidates: Sequence[Mapping[str, Any]]) -> Sequence[dict[str, Any]]:
        """What each candidate would change; nothing is kept. Raises ``NotFound``, ``BadRequestData``."""
        if len(candidates) > joining.MOST_CANDIDATES:
            raise errors.BadRequestData(f"more than {joining.MOST_CANDIDATES}", where="candidates")
        found = self.get(consortium)
        given = [_convert(one, joining.Candidate, "candidates") for one in candidates]
        return joining.tried(found, given, self.call(found.call))

    def _moved(self, before: Consortium, after: Consortium, *, by: str) -> dict[str, Any]:
        made = msgspec.structs.replace(
            after, author=by, modified_at=self._now().isoformat(), version=before.version + 1
        )
        _bounded(made)
        self._shelf.keep(made.id, made)
        return {
            "consortium": msgspec.to_builtins(made),
            **joining.effect(before, made, self.call(made.call)),
        }

    async def dissolve(self, consortium: str) -> None:
        """Take a consortium away. Raises ``NotFound``."""
        self.get(consortium)
        self._shelf.remove(consortium)

    async def prove(self, consortium: str, evidence: TwinEvidence) -> Consortium:
        """Keep what a twin proved of itself. Raises ``NotFound``, ``BadRequestData`` for checks nobody knows."""
        if unknown := set(evidence.checks) - set(CHECKS):
            raise errors.BadRequestData(f"there is no check {sorted(unknown)[0][:60]}", where="checks")
        async with self._lock:
            before = self.get(consortium)
            twins = {**before.twins, evidence.city: evidence}
            if len(twins) > MOST_TWINS:
                raise errors.BadRequestData(f"has more than {MOST_TWINS} twins", where="twins")
            made = msgspec.structs.replace(before, twins=twins)
            self._shelf.keep(consortium, made)
        return made

    def judged(self, consortium: Consortium) -> dict[str, Any]:
        """Every rule, the budget, and what the strand asks."""
        call = self.call(consortium.call)
        verdicts = judge(consortium, call)
        return {
            "consortium": consortium.id,
            "call": call.id,
            "source": call.source,
            "kept": all(one.kept for one in verdicts),
            "rules": [one.to_json() for one in verdicts],
            "budget": budget(consortium, call),
            "coverage": cover(consortium, call, consortium.strand),
        }

    def _read(self, document: Mapping[str, Any], name: str, *, by: str) -> Consortium:
        ours = {"id": name, "author": by, "modified_at": self._now().isoformat(), "twins": {}, "version": 1}
        try:
            made = msgspec.convert({**document, **ours}, Consortium, strict=True)
        except msgspec.ValidationError as cause:
            raise errors.BadRequestData(str(cause), where="consortium") from cause
        _bounded(made)
        call = self.call(made.call)
        if made.strand not in call.strands:
            raise errors.BadRequestData(
                "is no strand of the call", where="strand", hint=", ".join(call.strands)
            )
        return made


def _convert(document: object, kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(document, kind, strict=True)
    except msgspec.ValidationError as cause:
        raise errors.BadRequestData(str(cause), where=where) from cause


def evidence_of(facts: Facts, average: float) -> TwinEvidence:
    """What this twin proves of itself now."""
    checks = {name: one.met for name, one in examine(facts).items()}
    return TwinEvidence(city=facts.city, at=facts.at.isoformat(), checks=checks, average=round(average, 3))


def _bounded(made: Consortium) -> None:
    """Raise ``BadRequestData`` for what is larger than any consortium, or names two parties alike."""
    for name, most in _MOST.items():
        if len(getattr(made, name)) > most:
            raise errors.BadRequestData(f"has more than {most} entries", where=name)
    if len({one.id for one in made.partners}) < len(made.partners):
        raise errors.BadRequestData("two partners have the same id", where="partners")
    amounts = [
        *(one.eur for one in made.costs),
        *(it for one in made.partners for it in (one.grant_eur, one.elsewhere_eur)),
    ]
    if any(abs(amount) > _MOST_EUR for amount in amounts):
        raise errors.BadRequestData(f"is more than {_MOST_EUR:.0f}", where="eur")
    if len(msgspec.json.encode(made)) > 100 * _LONGEST_TEXT:
        raise errors.BadRequestData("is too long", where="consortium")
