"""Levels of the Minimal Interoperability Mechanisms, read off the checks behind each requirement."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from sympolis.assessment.evidence.findings import Finding
from sympolis.domain.reading import Texts


class Level(StrEnum):
    """How far a mechanism is followed, in the programme's words (1 to 3), and ``none``."""

    NONE = "none"
    INITIAL = "initial"
    PARTIAL = "partial"
    FULL = "full"


ORDER: Final = tuple(Level)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement and the checks that prove it."""

    id: str
    title: Texts
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One MIM."""

    id: str
    title: Texts
    foundational: bool
    requirements: tuple[Requirement, ...]


@cache
def mechanisms() -> tuple[Mechanism, ...]:
    """MIM0 to MIM8 (``mims.toml``)."""
    text = resources.files(__package__ or "").joinpath("mims.toml").read_text(encoding="utf-8")
    return tuple(
        Mechanism(one["id"], one["title"], one["foundational"], requirements(one["requirement"]))
        for one in tomllib.loads(text)["mim"]
    )


def requirements(declared: Sequence[Mapping[str, Any]]) -> tuple[Requirement, ...]:
    """Requirements as a file declares them."""
    return tuple(Requirement(one["id"], one["title"], tuple(one["checks"])) for one in declared)


def level(mechanism: Mechanism, findings: Mapping[str, Finding]) -> Level:
    """The present level: nothing is declared that no check proves."""
    met = sum(all(findings[name].met for name in one.checks) for one in mechanism.requirements)
    if met == len(mechanism.requirements):
        return Level.FULL
    if 2 * met >= len(mechanism.requirements):
        return Level.PARTIAL
    return Level.INITIAL if met else Level.NONE


def levels(findings: Mapping[str, Finding], planned: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every mechanism with its present level, the one planned, and its requirements with their evidence."""
    return [_told(one, findings, planned.get(one.id)) for one in mechanisms()]


def _told(mechanism: Mechanism, findings: Mapping[str, Finding], planned: str | None) -> dict[str, Any]:
    return {
        "id": mechanism.id,
        "title": mechanism.title,
        "foundational": mechanism.foundational,
        "level": level(mechanism, findings),
        "planned": planned,
        "requirements": [told(one, findings) for one in mechanism.requirements],
    }


def told(requirement: Requirement, findings: Mapping[str, Finding]) -> dict[str, Any]:
    """One requirement with what proves it; ``met`` None where only people can say."""
    found = [findings[name] for name in requirement.checks]
    return {
        "id": requirement.id,
        "title": requirement.title,
        "met": all(one.met for one in found) if found else None,
        "evidence": [one.to_json() for one in found],
    }
