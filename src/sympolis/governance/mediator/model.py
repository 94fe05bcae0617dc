"""What a city or the platform declares about showing entities in other words: one file per mediation."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sympolis.domain import errors, reading
from sympolis.domain.reading import Finding, Texts, option

IDENTIFIER = "[a-z][a-z0-9]*(-[a-z0-9]+)*"
_LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where one attribute goes."""

    take: str = option(pattern="[A-Za-z][A-Za-z0-9_]*")
    """Short name of the attribute."""
    member: str = option("value", choices=("value", "observedAt", "unitCode"))
    put: str = option(pattern=r"[A-Za-z@][\w:-]*(\.[A-Za-z][\w:-]*)*")
    """Where it goes: names with points between them for objects inside objects."""
    unit: str | None = None
    """UN/CEFACT code in which the other model has it."""
    from_unit: str | None = None
    """Code in which it is where the value does not say."""
    codes: Mapping[str, Any] = option({})
    """Value (as text; ``true``, ``false``) → the other model's word; another value is lost, and told."""


@dataclass(frozen=True, kw_only=True)
class Mediation:
    """Entities of one model in the words of another (``mediations/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    version: str
    title: Texts
    sources: tuple[str, ...] = option(key="from")
    """Entity types that it is for; ``*``: any."""
    form: str = option("entity", choices=("entity", "observations"))
    """``entity``: one object for each entity, by rules. ``observations``: one for each observed number."""
    type: str
    """The ``type`` of what comes out."""
    id_path: str = "id"
    """Where the entity's id goes."""
    context: Mapping[str, Any] = option({})
    """The JSON-LD @context of what comes out."""
    rules: tuple[Rule, ...] = ()

    def fits(self, entity_type: str) -> bool:
        """Whether it is for entities of this type (short name)."""
        return "*" in self.sources or entity_type in self.sources


@functools.cache
def shipped() -> tuple[Mediation, ...]:
    """The mediations that come with the platform."""
    return tuple(_made(path) for path in sorted(_LIBRARY.glob("*.toml")))


def _made(path: Path) -> Mediation:
    findings: list[Finding] = []
    found = reading.read(Mediation, tomllib.loads(path.read_text(encoding="utf-8")), path.name, findings)
    if found is None:
        raise errors.SettingsInvalid(findings[0].message, where=findings[0].where, hint=findings[0].hint)
    return found
