"""What strangers hand in, as checked values: bounded texts, known words, nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sympolis.decision.participation import spam
from sympolis.decision.participation.project import Kind, Phase, ProjectPlan
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean

LONGEST: Final = {
    "title": 120,
    "text": 4000,
    "name": 40,
    "reason": 1000,
    "scenario": 300,
    "pick": 300,
    "home": 300,
}
CONTRIBUTION: Final = frozenset(
    {
        *("kind", "category", "title", "text", "place", "pick", "scenario", "levers"),
        *("name", "age", "home", "language", "website"),
    }
)
COMMENT: Final = frozenset({"text", "name", "parent", "website"})
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def refuse_others(draft: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise ``BadRequestData`` for a member that nobody knows, ``InvalidRequest`` for a filled trap."""
    for name in draft.keys() - known:
        raise errors.BadRequestData("is not known here", where=name[:60], hint=did_you_mean(name, known))
    spam.check_trap(draft.get("website"))


def text(draft: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    """A text within its length, without control characters and marks that turn reading round."""
    value, most = draft.get(name, ""), LONGEST[name]
    if not isinstance(value, str) or len(value) > most:
        raise errors.BadRequestData(f"expected a text of at most {most} characters", where=name)
    found = _CONTROL.sub("", value).strip()
    if required and not found:
        raise errors.BadRequestData("must not be empty", where=name)
    return found


def name(draft: Mapping[str, Any]) -> str:
    """The display name, '' for none: whoever writes an address into it gives away more than they mean to."""
    found = text(draft, "name")
    if "@" in found:
        raise errors.BadRequestData(
            "an address is no display name", where="name", hint="choose any name, or none"
        )
    return " ".join(found.split())


def kind(draft: Mapping[str, Any], phase: Phase) -> Kind:
    """The type of contribution, open in this phase. Raises ``BadRequestData``, ``Conflict``."""
    try:
        found = Kind(str(draft.get("kind")))
    except ValueError:
        hint = f"one of {', '.join(phase.kinds)}"
        raise errors.BadRequestData("is no type of contribution", where="kind", hint=hint) from None
    if found not in phase.kinds:
        raise errors.Conflict(
            f"{found} is not open in this phase", where="kind", hint=f"open: {', '.join(phase.kinds)}"
        )
    return found


def one_of(draft: Mapping[str, Any], name: str, known: list[str], *, required: bool = False) -> str:
    """A word that the project declares. Raises ``BadRequestData``."""
    found = draft.get(name, "")
    if found == "" and not required:
        return ""
    if found not in known:
        raise errors.BadRequestData(
            "is not one of this project's", where=name, hint=f"known: {', '.join(known)}"
        )
    return str(found)


def open_phase(plan: ProjectPlan, phase: Phase | None, what: str) -> Phase:
    """The phase, in which ``kinds``, ``comments`` or ``ratings`` are open. Raises ``Conflict``."""
    if phase is None or not getattr(phase, what):
        raise errors.Conflict(
            "nothing can be said here now",
            where="phase",
            hint=f"{plan.id} runs from {plan.first_day} to {plan.last_day}",
        )
    return phase
