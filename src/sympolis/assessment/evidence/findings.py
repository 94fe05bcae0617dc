"""What the checks found, in words: the claim with its figures, where to see it, what to do where it does not hold."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sympolis.assessment.evidence.checks import CHECKS
from sympolis.assessment.evidence.facts import Facts
from sympolis.domain.reading import Texts


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome. ``text`` is what was looked at, with its figures; ``todo`` the next step where not met."""

    check: str
    met: bool
    text: Texts
    todo: Texts
    links: tuple[str, ...]
    effort_days: tuple[float, float]
    figures: Mapping[str, int | str]

    def to_json(self) -> dict[str, Any]:
        """As the API tells it; ``todo`` only where there is something to do."""
        found = {"check": self.check, "met": self.met, "text": self.text, "links": list(self.links)}
        return found if self.met else {**found, "todo": self.todo}


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """Text, next step and links of every check (``checks.toml``)."""
    text = resources.files(__package__ or "").joinpath("checks.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def examine(facts: Facts) -> dict[str, Finding]:
    """Every check, over these facts."""
    return {name: _found(name, facts) for name in CHECKS}


def _found(name: str, facts: Facts) -> Finding:
    seen, said = CHECKS[name](facts), words()[name]
    low, high = said["days"]
    return Finding(
        name,
        seen.met,
        {language: text.format(**seen.figures) for language, text in said["text"].items()},
        said["todo"],
        tuple(said["links"]),
        (float(low), float(high)),
        seen.figures,
    )
