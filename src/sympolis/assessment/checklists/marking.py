"""How a checklist stands: what evidence answers, what people said, what nobody has answered yet.

As with the questionnaire, what a person says by name and date takes the place of what evidence says, and what nobody
has answered counts as not done. What is not applicable is left out of the share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from sympolis.assessment.checklists.model import Checklist, Item
from sympolis.assessment.evidence.findings import Finding


class Mark(StrEnum):
    """The answer to one item."""

    YES = "yes"
    NO = "no"
    SKIPPED = "n/a"
    OPEN = "open"
    """Nobody has answered, and evidence cannot."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody answered; ``at`` is ISO 8601 in UTC."""

    mark: Mark
    reason: str
    evidence: tuple[str, ...] = ()
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """One item with its answer and what that rests on."""

    item: Item
    mark: Mark
    basis: str
    """evidence, answer or none."""
    held: tuple[Finding, ...]
    missing: tuple[Finding, ...]
    said: Said | None

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "id": self.item.id,
            "group": self.item.group,
            "text": self.item.text,
            "mark": self.mark,
            "basis": self.basis,
            "confirm": self.item.confirm,
            "evidence": [one.to_json() for one in self.held],
            "missing": [one.to_json() for one in self.missing],
            "answer": None if self.said is None else msgspec.to_builtins(self.said),
        }


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole checklist at one moment."""

    checklist: Checklist
    marked: tuple[Marked, ...]

    def count(self, mark: Mark) -> int:
        """How many items have this answer."""
        return sum(one.mark is mark for one in self.marked)

    @property
    def share(self) -> float:
        """Of yes among what applies; 0 where nothing does."""
        applies = len(self.marked) - self.count(Mark.SKIPPED)
        return self.count(Mark.YES) / applies if applies else 0.0

    @property
    def answered(self) -> int:
        """How many items have any answer."""
        return len(self.marked) - self.count(Mark.OPEN)

    def brief(self) -> dict[str, Any]:
        """How the list stands, without its items."""
        form = self.checklist
        enough = self.answered >= form.answer_at_least
        return {
            "id": form.id,
            "version": form.version,
            "source": form.source,
            "title": form.title,
            "note": form.note,
            "of": len(self.marked),
            "answered": self.answered,
            "answer_at_least": form.answer_at_least,
            "marks": {mark: self.count(mark) for mark in Mark},
            "share": round(self.share, 3),
            "target": form.target,
            "reached": enough and self.share >= form.target,
            "band": form.band(self.share).title,
        }

    def to_json(self) -> dict[str, Any]:
        """As the API tells it, with every item."""
        groups = [{"id": name, "title": title} for name, title in self.checklist.groups.items()]
        return {**self.brief(), "groups": groups, "items": [one.to_json() for one in self.marked]}


def answered(form: Checklist, findings: Mapping[str, Finding], said: Mapping[str, Said]) -> Answered:
    """How a checklist stands over these findings; ``said`` is what people answered, by item."""
    return Answered(form, tuple(_marked(one, findings, said.get(one.id)) for one in form.items))


def _marked(item: Item, findings: Mapping[str, Finding], said: Said | None) -> Marked:
    found = [findings[name] for name in item.checks]
    held = tuple(one for one in found if one.met)
    missing = tuple(one for one in found if not one.met)
    if said is not None:
        return Marked(item, said.mark, "answer", held, missing, said)
    if not found or (item.confirm and not missing):
        return Marked(item, Mark.OPEN, "none", held, missing, None)
    return Marked(item, Mark.NO if missing else Mark.YES, "evidence", held, missing, None)
