"""Installed assets laid over a city package: from the next start on the twin has what they declare.

The package's own always goes before, and an asset that stopped fitting is left out and said so, instead of keeping the
twin from starting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sympolis.city import check
from sympolis.city.declarations import timed
from sympolis.city.folder import Overlay
from sympolis.city.schema import City
from sympolis.dataspace.repository.records import Installed
from sympolis.domain.reading import Finding

Declarations = Mapping[str, Mapping[str, Any]]
"""Of one asset: folder → id → document, as it is kept."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Laid:
    """The city with what was laid over it: the ids of the assets that hold, and why others do not."""

    city: City
    holding: frozenset[str] = frozenset()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def laid_over(city: City, installed: Sequence[Installed]) -> Laid:
    """The city with its installed assets."""
    declaring = [one for one in installed if one.declarations]
    if not declaring:
        return Laid(city)
    whole, findings = check.inspect(city.folder, merged(one.declarations for one in declaring))
    if whole is not None and not errors_in(findings):
        return Laid(whole, frozenset(one.id for one in declaring))
    return _one_by_one(city, declaring)


def _one_by_one(city: City, declaring: Sequence[Installed]) -> Laid:
    """Those that fit, each beside those before it."""
    kept: list[Installed] = []
    left: dict[str, tuple[str, ...]] = {}
    for one in declaring:
        found, findings = check.inspect(city.folder, merged(each.declarations for each in (*kept, one)))
        wrong = errors_in(findings)
        if wrong or found is None:
            left[one.id] = tuple(wrong[:5])
            log.warning("an installed asset no longer fits: %s", one.id, extra={"action": "asset.left-out"})
        else:
            kept.append(one)
            city = found
    return Laid(city, frozenset(one.id for one in kept), left)


def errors_in(findings: Iterable[Finding]) -> list[str]:
    """What keeps a package from loading."""
    return [str(one) for one in findings if one.error]


def merged(declared: Iterable[Declarations]) -> Overlay:
    """What several assets declare, as one overlay; of two that declare the same the first counts."""
    found: dict[str, dict[str, Any]] = {}
    for one in declared:
        for folder, documents in one.items():
            place = found.setdefault(folder, {})
            for name, document in documents.items():
                place.setdefault(name, timed(document))
    return found


def own_names(folder: Path, kind: str) -> set[str]:
    """What the package itself declares of a kind."""
    return {path.stem for path in (folder / kind).glob("*.toml")}
