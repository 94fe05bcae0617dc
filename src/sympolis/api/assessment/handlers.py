"""Handlers of the assessment: what evidence proves is computed at the moment of the question and kept by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.assessment.counting import count
from sympolis.api.assessment.observing import observe
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.assessment.evidence import Facts, examine
from sympolis.assessment.questionnaire import Answer
from sympolis.assessment.records import Moment, Taken
from sympolis.assessment.register import register
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.assessment.desk import AssessmentDesk

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST: Final = 5000
_MOST_LINKS: Final = 20
_MOST_BYTES: Final = 5 * 2**20


class Assessment:
    """See the module."""

    def __init__(self, parts: ApiParts, desk: AssessmentDesk) -> None:
        self._parts = parts
        self._desk = desk

    async def overview(self, request: Request) -> Reply:  # noqa: ARG002
        """The questionnaire: score, band, every question with its evidence, the trend."""
        return json_reply(self._desk.overview(await self._facts()))

    async def evidence(self, request: Request) -> Reply:  # noqa: ARG002
        """Every check with what it found."""
        found = examine(await self._facts())
        return json_reply({"checks": [one.to_json() for one in found.values()]})

    async def answer(self, request: Request) -> Reply:
        """Keep an answer: ``score`` (null: not applicable), ``reason``, ``evidence`` (links)."""
        question, body = request.arguments["question"], await read_object(request)
        refuse_others(body, {"score", "reason", "evidence"})
        given = Answer(
            question=question,
            score=_score(body),
            reason=text(body, "reason", required=True),
            evidence=links(body.get("evidence", [])),
            by=subject_of(request).id,
            at=self._desk.now().isoformat(),
        )
        await self._desk.answer(question, given)
        return await self.overview(request)

    async def withdraw(self, request: Request) -> Reply:
        """Take an answer back: evidence speaks again."""
        await self._desk.withdraw(request.arguments["question"])
        return Reply(status=204)

    async def mims(self, request: Request) -> Reply:  # noqa: ARG002
        """Levels of MIM0 to MIM8 with their requirements."""
        return json_reply({"mims": self._desk.mims(await self._facts())})

    async def plan(self, request: Request) -> Reply:
        """Say which ``level`` of a MIM is planned."""
        body = await read_object(request)
        refuse_others(body, {"level"})
        await self._desk.plan(request.arguments["mim"], text(body, "level", required=True))
        return await self.mims(request)

    async def worklist(self, request: Request) -> Reply:  # noqa: ARG002
        """What is missing, as work."""
        return json_reply({"tasks": self._desk.worklist(await self._facts())})

    async def take(self, request: Request) -> Reply:
        """Take a task on: ``who``, ``due``, ``note``."""
        body = await read_object(request)
        refuse_others(body, {"who", "due", "note"})
        taken = Taken(who=text(body, "who", required=True), due=text(body, "due"), note=text(body, "note"))
        await self._desk.take(request.arguments["task"], taken, await self._facts())
        return await self.worklist(request)

    async def snapshots(self, request: Request) -> Reply:  # noqa: ARG002
        """Every snapshot, oldest first."""
        return json_reply({"snapshots": [msgspec.to_builtins(one) for one in self._desk.snapshots()]})

    async def keep_snapshot(self, request: Request) -> Reply:
        """Keep the state as it is: ``moment`` is baseline, interim or final."""
        body = await read_object(request)
        refuse_others(body, {"moment", "note"})
        made = await self._desk.keep_snapshot(
            _moment(body.get("moment")),
            await self._facts(),
            by=subject_of(request).id,
            note=text(body, "note"),
            rows=await count(self._parts),
        )
        return json_reply(msgspec.to_builtins(made), status=201)

    async def register(self, request: Request) -> Reply:  # noqa: ARG002
        """The register of models under the AI Act."""
        return json_reply(register(await self._facts()))

    async def fill_workbook(self, request: Request) -> Reply:
        """The official workbook that was sent, with the scores of this twin filled in."""
        from sympolis.assessment import workbook

        assessed = self._desk.assessed(examine(await self._facts()))
        filled = await asyncio.to_thread(workbook.fill, await _workbook(request), assessed)
        name = b'attachment; filename="self-assessment.xlsx"'
        return Reply(body=filled, media=XLSX, headers=((b"Content-Disposition", name),))

    async def read_workbook(self, request: Request) -> Reply:
        """Take the answers of a filled workbook in."""
        from sympolis.assessment import workbook

        found = await asyncio.to_thread(workbook.read, await _workbook(request), self._desk.form)
        by, at = subject_of(request).id, self._desk.now().isoformat()
        for question, score in found.items():
            given = Answer(question=question, score=score, reason="workbook", by=by, at=at)
            await self._desk.answer(question, given)
        return json_reply({"taken": len(found), "answers": found})

    async def _facts(self) -> Facts:
        return await observe(self._parts)


async def _workbook(request: Request) -> bytes:
    body = await request.body()
    if len(body) > _MOST_BYTES:
        raise errors.PayloadTooLarge(f"a workbook may have at most {_MOST_BYTES} bytes", where="body")
    return body


def refuse_others(body: Mapping[str, Any], known: set[str]) -> None:
    """Raise ``BadRequestData`` for members nobody knows."""
    if others := sorted(set(body) - known):
        raise errors.BadRequestData("nobody knows this", where=others[0][:60], hint=", ".join(sorted(known)))


def text(body: Mapping[str, Any], name: str, *, required: bool = False, longest: int = _LONGEST) -> str:
    """A text member. Raises ``BadRequestData`` where it is none, too long, or missing although required."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise errors.BadRequestData("is no text", where=name)
    if len(value) > longest:
        raise errors.BadRequestData(f"has more than {longest} characters", where=name)
    if required and not value.strip():
        raise errors.BadRequestData("is needed", where=name)
    return value.strip()


def _score(body: Mapping[str, Any]) -> int | None:
    if "score" not in body:
        raise errors.BadRequestData("is needed", where="score", hint="null: not applicable")
    value = body["score"]
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise errors.BadRequestData("is no whole number", where="score", hint="1 to 5, or null")
    return value


def links(value: Any) -> tuple[str, ...]:
    fits = isinstance(value, list) and len(value) <= _MOST_LINKS
    if not fits or not all(isinstance(one, str) and len(one) <= 2000 for one in value):
        raise errors.BadRequestData(f"is no list of at most {_MOST_LINKS} links", where="evidence")
    return tuple(value)


def _moment(value: Any) -> Moment:
    if value not in list(Moment):
        raise errors.BadRequestData("is none of: " + ", ".join(Moment), where="moment")
    return Moment(value)
