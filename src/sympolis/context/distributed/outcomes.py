"""What became of the parts of a request that changes something (clauses 5.2.16-5.2.19, 6.3.17): pure.

A source that is the only one concerned answers for the request as a whole; where several are, each trouble is told with
the registration that it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sympolis.context.distributed.asking import Answer, Ending
from sympolis.context.distributed.planning import Part, Refusal

_ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"
_TITLES = {
    404: ("ResourceNotFound", "Not found"),
    409: ("Conflict", "Conflict"),
    502: ("InternalError", "A context source failed"),
    504: ("InternalError", "A context source did not answer"),
    508: ("InternalError", "Loop detected"),
}
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a source did not do its part; ``status`` as HTTP has it."""

    status: int
    detail: str
    registration_id: str | None = None
    kind: str = ""
    title: str = ""

    def problem(self) -> dict[str, Any]:
        """The ProblemDetails of it."""
        name, title = _TITLES.get(self.status, ("InternalError", "A context source refused"))
        return {
            "type": self.kind or _ERRORS + name,
            "title": self.title or title,
            "status": self.status,
            "detail": self.detail,
        }

    def alone(self) -> Trouble:
        """The same where no other source is concerned: only some answers make sense to who asked this broker."""
        if self.status in (404, 409, 504, 508):
            return self
        return Trouble(502, self.detail, self.registration_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one part: nothing to tell, trouble, or (207) what the source itself tells of its parts."""

    part: Part
    trouble: Trouble | None = None
    told: Mapping[str, Any] | None = None
    created: bool = False

    @property
    def done(self) -> bool:
        """Whether the source did all of it."""
        return self.trouble is None and self.told is None


def refused(part: Part) -> Outcome:
    """The outcome of a part that was not sent."""
    name = part.registration.id
    if part.refusal is Refusal.LOOP:
        return Outcome(part, Trouble(508, f"{name} leads back here", name))
    return Outcome(part, Trouble(409, f"{name} holds this and does not offer the operation", name))


def outcome(part: Part, answer: Answer) -> Outcome:
    """The outcome of a part that was sent."""
    name = part.registration.id
    if answer.good:
        told = _document(answer.body) or {} if answer.status == 207 else None
        return Outcome(part, told=told, created=answer.status == 201)
    return Outcome(part, trouble_of(name, answer))


def trouble_of(name: str, answer: Answer) -> Trouble:
    """What an answer that is not good is to who asked."""
    if answer.ending in (Ending.SILENT, Ending.PAUSED):
        return Trouble(504, f"{name} did not answer: {answer.ending.value}", name)
    if answer.ending is not Ending.ANSWERED:
        return Trouble(502, f"{name} could not be asked: {answer.ending.value}", name)
    if not 400 <= answer.status <= 599:
        return Trouble(502, f"{name} answered {answer.status}", name)
    said = _document(answer.body) or {}
    detail = _text(said.get("detail")) or _text(said.get("title")) or f"{name} answered {answer.status}"
    kind = _text(said.get("type"))
    own = kind if kind.startswith(_ERRORS) else ""
    return Trouble(answer.status, detail, name, kind=own, title=_text(said.get("title")) if own else "")


def batch_errors(told: Mapping[str, Any], registration_id: str) -> list[dict[str, Any]]:
    """The errors in a source's BatchOperationResult, each with its registration; what is not one is left out."""
    return [
        {**one, "registrationId": one.get("registrationId", registration_id)}
        for one in _dicts(told.get("errors"))
        if isinstance(one.get("entityId"), str) and isinstance(one.get("error"), dict)
    ]


def batch_successes(told: Mapping[str, Any]) -> list[str]:
    """The ids in a source's BatchOperationResult that it did as asked."""
    found = told.get("success")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def created_ids(answer: Answer, sent: Sequence[str]) -> frozenset[str]:
    """The ids that a source says it created (201 with a list); all of them where it says no more than that."""
    if answer.status != 201:
        return frozenset()
    try:
        found = msgspec.json.decode(answer.body) if answer.body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if not isinstance(found, list):
        return frozenset(sent)
    return frozenset(one for one in found if isinstance(one, str)) & frozenset(sent)


def update_errors(told: Mapping[str, Any], registration_id: str) -> list[dict[str, Any]]:
    """What a source's UpdateResult says was not updated, each with its registration."""
    return [
        {**one, "registrationId": one.get("registrationId", registration_id)}
        for one in _dicts(told.get("notUpdated"))
        if isinstance(one.get("attributeName"), str)
    ]


def updated_names(told: Mapping[str, Any]) -> list[str]:
    """What a source's UpdateResult says was updated."""
    found = told.get("updated")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _dicts(value: Any) -> Sequence[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) and value.isprintable() else ""


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
