"""The programme desk of one twin: what its evidence proves, what people add, how it moves from baseline to final."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.assessment import mims
from sympolis.assessment.calls.desk import CallDesk
from sympolis.assessment.checklists import Answered, Mark, Said, answered, checklists, find
from sympolis.assessment.ecosystem.desk import EcosystemDesk
from sympolis.assessment.evidence import Facts, Finding, examine
from sympolis.assessment.evidence.facts import Setup
from sympolis.assessment.halfyears import due
from sympolis.assessment.indicators import Reported, Rows, measured
from sympolis.assessment.indicators import find as find_indicator
from sympolis.assessment.questionnaire import Answer, Assessed, Questionnaire, assess, default_questionnaire
from sympolis.assessment.records import Book, Moment, Snapshot, Taken
from sympolis.assessment.shelf import Shelf
from sympolis.assessment.tasks import tasks
from sympolis.domain import errors

Json = dict[str, Any]
MOST_SNAPSHOTS: Final = 500
_BOOK: Final = "book"
CLOCK: Final = "clock"
"""Who keeps the states that fall due."""


class AssessmentDesk:
    """See the module. ``folder`` keeps what people say; ``now`` is the clock."""

    def __init__(
        self,
        folder: Path,
        *,
        form: Questionnaire | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        setup: Setup | None = None,
    ) -> None:
        self.setup = setup
        self.form = form or default_questionnaire()
        self.folder = folder
        self.now = now
        self.calls = CallDesk(folder, now=now)
        self.ecosystem = EcosystemDesk(folder / "ecosystem", now=now)
        self._shelf = Shelf(folder)
        self._snapshots = Shelf(folder / "snapshots")
        self._lock = asyncio.Lock()

    def book(self) -> Book:
        """What people said so far."""
        return self._shelf.find(_BOOK, Book) or Book()

    def assessed(self, findings: Mapping[str, Finding]) -> Assessed:
        """The questionnaire over these findings and the answers given."""
        return assess(self.form, findings, self.book().answers)

    def overview(self, facts: Facts) -> Json:
        """Score, band and every question with its evidence; the trend beside it."""
        found = self.assessed(examine(facts)).to_json()
        return {**found, "at": facts.at.isoformat(), "trend": self.trend(), "snapshot": self.snapshot_due()}

    def mims(self, facts: Facts) -> list[Json]:
        """Levels of MIM0 to MIM8."""
        return mims.levels(examine(facts), self.book().planned)

    def worklist(self, facts: Facts) -> list[Json]:
        """What is missing, with whoever took it on, most telling first."""
        findings = examine(facts)
        lists = [self.checklist(name, findings) for name in checklists()]
        return tasks(
            self.assessed(findings),
            findings,
            self.book().tasks,
            operator=facts.operator,
            lists=lists,
            snapshot=self.snapshot_due(),
        )

    def checklist(self, name: str, findings: Mapping[str, Finding]) -> Answered:
        """One checklist as it stands. Raises ``NotFound``."""
        return answered(find(name), findings, self.book().said.get(name, {}))

    def indicators(self, facts: Facts, rows: Rows | None = None) -> list[Json]:
        """Every indicator of every catalogue; ``rows`` is what was read of the city."""
        return measured(facts, rows, self.book().reported)

    def snapshot_due(self) -> Json:
        """When the next half-yearly snapshot is due, and whether that day has passed."""
        return due(self.snapshots(), self.now())

    def interim_is_due(self) -> bool:
        """Whether the day of the next interim state has come; a baseline and a final state are people's to keep."""
        told = self.snapshot_due()
        return told["moment"] is Moment.INTERIM and str(told["due"]) <= self.now().date().isoformat()

    async def answer(self, question: str, answer: Answer) -> None:
        """Keep what somebody answered. Raises ``NotFound``, ``BadRequestData`` for a score its scale does not know."""
        _check(self.form, question, answer.score)
        await self._change(lambda book: _with(book, "answers", question, answer))

    async def withdraw(self, question: str) -> None:
        """Let the evidence speak again. Raises ``NotFound``."""
        self.form.get(question)
        await self._change(lambda book: _without(book, "answers", question))

    async def say(self, name: str, item: str, said: Said | None) -> None:
        """Keep the answer to an item, or (None) let evidence speak again. Raises ``NotFound``, ``BadRequestData``."""
        find(name).get(item)
        if said is not None and said.mark is Mark.OPEN:
            raise errors.BadRequestData("is no answer", where="mark", hint="yes, no or n/a")

        def changed(book: Book) -> Book:
            rest = {key: one for key, one in book.said.get(name, {}).items() if key != item}
            return _with(book, "said", name, rest if said is None else {**rest, item: said})

        await self._change(changed)

    async def report(self, indicator: str, reported: Reported | None) -> None:
        """Keep a value that somebody reports, or (None) take it back. Raises ``NotFound``."""
        find_indicator(indicator)
        await self._change(
            lambda book: (
                _without(book, "reported", indicator)
                if reported is None
                else _with(book, "reported", indicator, reported)
            )
        )

    async def plan(self, mim: str, level: str) -> None:
        """Say which level is planned. Raises ``NotFound``, ``BadRequestData``."""
        if mim not in {one.id for one in mims.mechanisms()}:
            raise errors.NotFound(f"there is no {mim[:20]}", where="mim", hint="MIM0 to MIM8")
        if level not in mims.ORDER:
            raise errors.BadRequestData("is none of: " + ", ".join(mims.ORDER), where="level")
        await self._change(lambda book: _with(book, "planned", mim, level))

    async def take(self, task: str, taken: Taken, facts: Facts) -> None:
        """Take a task on. Raises ``NotFound`` for one that is not on the list, ``BadRequestData`` for a bad date."""
        if task not in {one["id"] for one in self.worklist(facts)}:
            raise errors.NotFound(f"there is no task {task[:60]}", where="task")
        if taken.due:
            _day(taken.due)
        await self._change(lambda book: _with(book, "tasks", task, taken))

    def trend(self) -> list[Json]:
        """Every snapshot, oldest first, without its details."""
        return [
            {"id": one.id, "moment": one.moment, "at": one.at, "average": one.average, "band": one.band}
            for one in self.snapshots()
        ]

    def snapshots(self) -> list[Snapshot]:
        """Oldest first."""
        return sorted(self._snapshots.all(Snapshot), key=lambda one: one.at)

    async def keep_snapshot(
        self, moment: Moment, facts: Facts, *, by: str, note: str = "", rows: Rows | None = None
    ) -> Snapshot:
        """Keep the state as it is now. Raises ``Conflict`` where there are too many, or a second baseline."""
        async with self._lock:
            kept = self.snapshots()
            if len(kept) >= MOST_SNAPSHOTS:
                raise errors.Conflict(f"there are {MOST_SNAPSHOTS} snapshots", where="snapshots")
            if moment is Moment.BASELINE and any(one.moment is moment for one in kept):
                raise errors.Conflict(
                    "there is a baseline already", where="moment", hint="keep an interim one"
                )
            made = self._picture(moment, facts, by, note, rows)
            self._snapshots.keep(made.id, made)
        return made

    async def keep_interim(self, facts: Facts, rows: Rows) -> Snapshot | None:
        """Keep the interim state once its day has come; what was reported before the last state is left out."""
        async with self._lock:
            if not self.interim_is_due() or len(self.snapshots()) >= MOST_SNAPSHOTS:
                return None
            since = self.snapshots()[-1].at
            fresh = {name: one for name, one in self.book().reported.items() if one.at > since}
            made = self._picture(Moment.INTERIM, facts, CLOCK, "", rows)
            made = msgspec.structs.replace(
                made, indicators={one["id"]: one["value"] for one in measured(facts, rows, fresh)}
            )
            self._snapshots.keep(made.id, made)
        return made

    def _picture(self, moment: Moment, facts: Facts, by: str, note: str, rows: Rows | None) -> Snapshot:
        findings = examine(facts)
        assessed = self.assessed(findings)
        return Snapshot(
            id=f"{facts.at:%Y%m%d}-{moment}-{secrets.token_hex(3)}",
            moment=moment,
            at=facts.at.isoformat(),
            by=by,
            note=note,
            questionnaire=self.form.version,
            average=round(assessed.average, 3),
            band=self.form.band(assessed.average).title,
            scores={one.question.id: one.score for one in assessed.scores},
            mims={one.id: mims.level(one, findings) for one in mims.mechanisms()},
            checks={name: one.met for name, one in findings.items()},
            indicators={one["id"]: one["value"] for one in self.indicators(facts, rows)},
            checklists={
                name: {one.item.id: one.mark for one in self.checklist(name, findings).marked}
                for name in checklists()
            },
        )

    async def _change(self, change: Callable[[Book], Book]) -> None:
        async with self._lock:
            self._shelf.keep(_BOOK, change(self.book()))


def _with(book: Book, member: str, key: str, value: object) -> Book:
    return msgspec.structs.replace(book, **{member: {**getattr(book, member), key: value}})


def _without(book: Book, member: str, key: str) -> Book:
    rest = {name: value for name, value in getattr(book, member).items() if name != key}
    return msgspec.structs.replace(book, **{member: rest})


def _check(form: Questionnaire, question: str, score: int | None) -> None:
    found = form.get(question)
    if score is None and not found.skippable:
        raise errors.BadRequestData("cannot be left out", where="score", hint=_known(found.scores))
    if score is not None and score not in found.scores:
        raise errors.BadRequestData(
            "is not on this question's scale", where="score", hint=_known(found.scores)
        )


def _known(scores: tuple[int, ...]) -> str:
    return "one of " + ", ".join(map(str, scores))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise errors.BadRequestData("is no date", where="due", hint="2026-12-31") from None
