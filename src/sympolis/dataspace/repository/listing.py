"""One asset as lists show it: ours as we know it, a partner's as far as what it says can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from sympolis.dataspace.discovery import reading
from sympolis.dataspace.discovery.catalogues import Entry, rank
from sympolis.dataspace.repository.checks import TIERS, Maturity
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.manifest import VERSION, Manifest, split_id
from sympolis.dataspace.repository.rating import Rating, read_rating
from sympolis.dataspace.repository.records import Published
from sympolis.domain import errors

Json = dict[str, Any]
FACETS: Final = ("kind", "licence", "tier", "publisher_name")
_MOST_NEEDS: Final = 60


def listing(found: Published, maturity: Maturity, adoptions: int, rating: Rating | None) -> Json:
    """One of our assets, for our people and for partners."""
    manifest = found.manifest
    return {
        **_said(manifest),
        "published_at": found.at,
        "bytes": found.bytes,
        "note": found.note,
        "withdrawn_at": found.withdrawn_at,
        "tier": maturity.tier,
        "adoptions": adoptions,
        "rating": None if rating is None else msgspec.to_builtins(rating),
    }


def _said(manifest: Manifest) -> Json:
    return {
        "id": manifest.id,
        "kind": str(manifest.kind),
        "name": manifest.name,
        "version": manifest.version,
        "publisher": manifest.publisher,
        "title": manifest.title,
        "description": manifest.description,
        "licence": manifest.licence,
        "keywords": list(manifest.keywords),
        "needs": _types(manifest.needs),
        "gives": list(manifest.gives),
        "requires": [msgspec.to_builtins(one) for one in manifest.requires],
    }


def _types(needs: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({reading.text(one.get("type")) for one in needs} - {""})


def read_listing(given: Mapping[str, Any], publisher: str) -> Json | None:
    """A partner's asset; None for what has no id, kind or version that could be asked for."""
    asset, version = reading.text(given.get("id"), 120), reading.text(given.get("version"), 30)
    try:
        kind, name = split_id(asset)
    except errors.NotFound:
        return None
    if not _is_version(version):
        return None
    tier, rating = given.get("tier"), read_rating(given.get("rating"))
    return {
        "id": asset,
        "kind": str(kind),
        "name": name,
        "version": version,
        "publisher": publisher,
        "title": reading.texts(given.get("title")),
        "description": reading.texts(given.get("description")),
        "licence": reading.text(given.get("licence"), 100),
        "keywords": list(reading.words(given.get("keywords", []))),
        "needs": list(reading.words(given.get("needs", []), _MOST_NEEDS)),
        "gives": [reading.texts(one) for one in reading.items(given.get("gives"), 100)],
        "requires": [_required(one) for one in reading.items(given.get("requires"), 50)],
        "published_at": reading.text(given.get("published_at"), 40) or None,
        "bytes": int(min(max(reading.number(given.get("bytes")) or 0, 0), 1 << 40)),
        "note": reading.text(given.get("note")),
        "withdrawn_at": None,
        "tier": tier if tier in TIERS else TIERS[0],
        "adoptions": int(min(max(reading.number(given.get("adoptions")) or 0, 0), 1_000_000)),
        "rating": None if rating is None else msgspec.to_builtins(rating),
    }


def _required(given: Mapping[str, Any]) -> Json:
    return {name: reading.text(given.get(name), 100) for name in ("what", "name", "version")}


def _is_version(text: str) -> bool:
    return re.fullmatch(VERSION, text) is not None


def search(found: Sequence[Json], words: str, chosen: Mapping[str, str]) -> list[Json]:
    """Those that have every word and the chosen value of each facet, best first."""
    ranked = [(rank(_entry(one), words), one) for one in found]
    fitting = [
        (score, one)
        for score, one in ranked
        if score > 0 and all(one.get(name) == value for name, value in chosen.items() if value)
    ]
    fitting.sort(
        key=lambda pair: (-pair[0], -TIERS.index(pair[1]["tier"]), pair[1]["id"], pair[1]["publisher"])
    )
    return [one for _, one in fitting]


def facets(found: Sequence[Json]) -> dict[str, dict[str, int]]:
    """How many have each value of each facet."""
    counted: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for one in found:
        for name, counts in counted.items():
            value = str(one.get(name) or "")
            counts[value] = counts.get(value, 0) + 1
    return counted


def _entry(one: Json) -> Entry:
    words = (*one["keywords"], *one["needs"], *(text for texts in one["gives"] for text in texts.values()))
    return Entry(
        id=one["id"],
        kind=one["kind"],
        title=one["title"],
        description=one["description"],
        keywords=words,
        licence=one["licence"],
    )


KINDS: Final = tuple(str(one) for one in Kind)
