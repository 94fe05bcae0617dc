"""The maturity of an asset: a tier by automatic checks, each of which says what is missing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from sympolis.dataspace.repository.bill import read_bill
from sympolis.dataspace.repository.kinds import RUNNING, WITH_CODE
from sympolis.dataspace.repository.package import Package
from sympolis.dataspace.repository.rating import Rating
from sympolis.domain import errors
from sympolis.governance.catalogue.licences import LICENCES

TIERS: Final = ("listed", "bronze", "silver", "gold")
_LEAST_TEXT: Final = 80
_LEAST_RUNS: Final = 5
_LEAST_SUCCESS: Final = 0.9
_OF_TOOLS: Final = (
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "EUPL-1.2",
    "LGPL-3.0-or-later",
    "MPL-2.0",
    "PSF-2.0",
)
"""Licences of programs that are known besides those of data."""


class Check(msgspec.Struct, frozen=True):
    """One check of ``checks.toml``."""

    id: str
    tier: str
    title: dict[str, str]
    todo: dict[str, str]


@cache
def checks() -> tuple[Check, ...]:
    """All of them, in the order of the tiers."""
    text = files(__package__).joinpath("checks.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["checks"], list[Check]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a tier is worked out from. ``mistakes`` is None where nobody has looked at the content yet."""

    signed: bool
    mistakes: Sequence[str] | None
    adoptions: int = 0
    rating: Rating | None = None


@dataclass(frozen=True, slots=True)
class Maturity:
    """A tier, and each check with its result; None: it does not apply to this kind."""

    tier: str
    results: Mapping[str, bool | None] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "tier": self.tier,
            "checks": [
                {
                    "id": one.id,
                    "tier": one.tier,
                    "met": self.results.get(one.id),
                    "title": one.title,
                    "todo": one.todo,
                }
                for one in checks()
            ],
        }


def known_licence(code: str) -> bool:
    """Whether this platform knows what a licence asks for."""
    return code in LICENCES or code in _OF_TOOLS


def judge(package: Package, evidence: Evidence) -> Maturity:
    """The maturity of a package."""
    manifest, rating = package.manifest, evidence.rating
    described = max((len(one) for one in manifest.description.values()), default=0) >= _LEAST_TEXT
    results: dict[str, bool | None] = {
        "licence": known_licence(manifest.licence),
        "described": described and bool(manifest.title),
        "signature": evidence.signed,
        "contract": evidence.mistakes is not None and not evidence.mistakes,
        "sbom": _listed(package.bill) if manifest.kind in WITH_CODE else None,
        "languages": len(manifest.title) > 1,
        "used": evidence.adoptions > 0,
        "proven": _proven(rating) if manifest.kind in RUNNING else None,
    }
    return Maturity(tier_of(results), results)


def tier_of(results: Mapping[str, bool | None]) -> str:
    """The highest tier all of whose checks hold, with those of the tiers before it."""
    reached = TIERS[0]
    for tier in TIERS[1:]:
        if any(results.get(one.id) is False for one in checks() if one.tier == tier):
            return reached
        reached = tier
    return reached


def _listed(bill: bytes) -> bool:
    """Whether every component that is no file of the package has a version and a licence."""
    try:
        parts = read_bill(bill)
    except errors.BadRequestData:
        return False
    others = [one for one in parts if one.get("type") != "file"]
    return bool(parts) and all(one.get("version") and one.get("licenses") for one in others)


def _proven(rating: Rating | None) -> bool:
    return rating is not None and rating.runs >= _LEAST_RUNS and rating.success >= _LEAST_SUCCESS
