"""The rules of a call: figures and lists that change from call to call, each file one call.

Files of the package come first; a twin's own (``assessment/rules`` in its data folder) add calls or replace one.
How to write one: docs/howto/write-call-rules.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from sympolis.assessment.evidence.checks import CHECKS
from sympolis.domain import errors, reading
from sympolis.domain.reading import Texts, option


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """Who may apply. Countries are ISO 3166-1 alpha-2."""

    authorities: int = option(minimum=0)
    authority_countries: int = option(minimum=0)
    authority_kinds: tuple[str, ...]
    further_partners: int = option(minimum=0)
    further_kinds: tuple[str, ...]
    countries: tuple[str, ...]
    months_from: int = option(minimum=1)
    months_until: int = option(minimum=1)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What may be paid; shares are 0 to 1."""

    categories: tuple[str, ...]
    indirect_share: float = option(minimum=0, maximum=1)
    grant_per_party_eur: float = option(minimum=0, unit="EUR")
    grant_per_consortium_eur: float = option(minimum=0, unit="EUR")
    cofunding_share: float = option(minimum=0, maximum=1)


@dataclass(frozen=True, kw_only=True)
class AskedAnswer:
    """A question of the application form and how long its answer may be."""

    id: str
    title: Texts
    characters: int = option(minimum=1)


@dataclass(frozen=True, kw_only=True)
class AskedDocument:
    """A document that has to be there; ``strands`` empty: for all."""

    id: str
    title: Texts
    strands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AskedProof:
    """A requirement: proved where ``twins`` twins hold all ``checks`` and reach ``average``; else people say so.

    ``average`` is that of the interoperability self-assessment, 1 to 5; nothing is proved without either.
    """

    id: str
    title: Texts
    strands: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    average: float = option(0.0, minimum=0, maximum=5)
    twins: int = option(1, minimum=1)

    @property
    def provable(self) -> bool:
        """Whether twins can prove it at all."""
        return bool(self.checks) or self.average > 0


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call."""

    id: str = option(pattern=r"[a-z0-9]+(-[a-z0-9]+)*")
    title: Texts
    source: str
    strands: Mapping[str, Texts]
    eligibility: Eligibility
    budget: Budget
    answers: tuple[AskedAnswer, ...] = ()
    documents: tuple[AskedDocument, ...] = ()
    requirements: tuple[AskedProof, ...] = ()


def calls(own: Path | None = None) -> dict[str, Call]:
    """Every call by id. Raises ``SettingsInvalid`` for a file that is none, with every reason."""
    shipped = resources.files("sympolis.assessment").joinpath("rules")
    texts = [
        (one.name, one.read_text(encoding="utf-8")) for one in shipped.iterdir() if one.name.endswith(".toml")
    ]
    if own is not None:
        texts += [(path.name, path.read_text(encoding="utf-8")) for path in sorted(own.glob("*.toml"))]
    found = (read_call(text, name) for name, text in texts)
    return {one.id: one for one in found}


def read_call(text: str, where: str) -> Call:
    """The rules in one file. Raises ``SettingsInvalid`` with every reason why they are none."""
    try:
        document: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise errors.SettingsInvalid(f"not TOML: {cause}", where=where) from cause
    findings: list[reading.Finding] = []
    call = reading.read(Call, document, where, findings)
    if call is None:
        raise errors.SettingsInvalid("; ".join(map(str, findings)), where=where)
    unknown = {check for one in call.requirements for check in one.checks} - set(CHECKS)
    if unknown:
        raise errors.SettingsInvalid(
            f"there is no check {sorted(unknown)[0]}", where=where, hint="see /api/assessment/evidence"
        )
    return call
