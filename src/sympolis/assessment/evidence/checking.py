"""What checks are made of: each looks at one thing of a running twin and says whether it holds, with its figures.

A check is a few lines, so that an evaluator can read what a claim rests on. Words and links stand in ``checks.toml``,
and a test holds that every check has both. The checks themselves are in the modules ``about_…``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sympolis.assessment.evidence.facts import Facts


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw: whether it holds, and its figures by name."""

    met: bool
    figures: Mapping[str, int | str]


Check = Callable[[Facts], Seen]
CHECKS: dict[str, Check] = {}


@cache
def product() -> Mapping[str, Any]:
    """What is known of this release (``product.toml``)."""
    text = resources.files(__package__ or "").joinpath("product.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def check(name: str) -> Callable[[Check], Check]:
    """Keep a function as the check of this name."""

    def kept(found: Check) -> Check:
        CHECKS[name] = found
        return found

    return kept


def all_of(values: Iterable[bool]) -> Seen:
    """Holds where there is something and all of it is so."""
    found = list(values)
    return Seen(bool(found) and all(found), {"count": sum(found), "of": len(found)})


def at_least(count: int, needed: int = 1) -> Seen:
    """Holds where there are so many."""
    return Seen(count >= needed, {"count": count, "of": needed})


def at_work(facts: Facts, *names: str) -> Seen:
    """Holds where all these parts are at work."""
    return all_of(name in facts.parts for name in names)


def offered(facts: Facts, *names: str) -> Seen:
    """Holds where the twin answers at all these interfaces."""
    there = {one.id for one in facts.interfaces}
    return all_of(name in there for name in names)
