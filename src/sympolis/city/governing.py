"""What a city package says about roles, release and policies: its folder ``policies/``.

policies/roles.toml      roles that differ from the platform's table   → governance.roles
policies/release.toml    which datasets are public                     → governance.policy.release
policies/*.jsonld, *.ttl, *.toml   policies in ODRL                    → governance.policy
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sympolis.acquisition.source import Source
from sympolis.domain import errors
from sympolis.governance import interfaces
from sympolis.governance.identity.subject import role_iri
from sympolis.governance.policy.assets import Asset, AssetKind, asset_iri
from sympolis.governance.policy.book import about
from sympolis.governance.policy.model import Policy
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.release import Release, read_release
from sympolis.governance.roles.table import RoleTable, altered, default_table

FOLDER = "policies"
_ROLES, _RELEASE = "roles.toml", "release.toml"
_MOST_BYTES = 1024 * 1024
_NOTHING = Release()


@dataclass(frozen=True, slots=True)
class Governing:
    """What holds in a city; without a package, the platform's roles and nothing released."""

    roles: RoleTable
    release: Release = _NOTHING
    policies: tuple[Policy, ...] = ()


def load(folder: Path | None) -> Governing:
    """What the package at ``folder`` says. Raises ``CityPackageInvalid`` naming file and place."""
    roles, release = default_table(), Release()
    if folder is None or not (folder / FOLDER).is_dir():
        return Governing(roles)
    place = folder / FOLDER
    if (path := place / _ROLES).exists():
        roles = altered(roles, _toml(path), where=_name(path))
    if (path := place / _RELEASE).exists():
        release = read_release(_toml(path), where=_name(path))
    return Governing(roles, release, tuple(_policies(place)))


def unknown_names(
    rules: Governing, datasets: Iterable[str], models: Iterable[str] = (), services: Iterable[str] = ()
) -> Iterator[tuple[str, str]]:
    """What ``policies/`` names that is not there: the file, and what is wrong."""
    known = set(datasets)
    for name in sorted((rules.release.datasets | rules.release.excepted) - known):
        yield f"{FOLDER}/{_RELEASE}", f"there is no dataset {name!r}"
    there = {
        AssetKind.DATASET: known,
        AssetKind.SERVICE: interfaces.IDS | set(services),
        AssetKind.MODEL: set(models),
    }
    roles = {role_iri(name) for name in rules.roles.roles}
    for policy in rules.policies:
        for rule in policy.rules:
            for scope in rule.targets:
                if (kind := _missing(scope.iri, there)) is not None:
                    yield f"{FOLDER}: {policy.uid or rule.uid}", f"there is no {kind} {scope.iri}"
            for scope in rule.assignees:
                if scope.iri.startswith(role_iri("")) and scope.iri not in roles:
                    yield f"{FOLDER}: {policy.uid or rule.uid}", f"there is no role {scope.iri}"


def uneven_types(
    rules: Governing, sources: Iterable[Source], types: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Types of entities that datasets of different release or policies share: the file, and what follows.

    What may be seen is decided per type (decision 0020): who may not read one of them gets none of their entities.
    ``types``: source id → type of its entities.
    """
    sharing: dict[str, list[Source]] = {}
    for source in sources:
        if source.id in types:
            sharing.setdefault(types[source.id], []).append(source)
    for name, found in sorted(sharing.items()):
        public = [one.id for one in found if rules.release.covers(one.id, one.licence)]
        kept = [one.id for one in found if one.id not in public]
        if public and kept:
            shared = f"{', '.join(public)} and {', '.join(kept)} share the type {name}"
            yield (
                f"{FOLDER}/{_RELEASE}",
                f"{shared}, and only the first are released: strangers get none of it",
            )
        spoken: dict[tuple[str, ...], str] = {}
        for one in found:
            spoken.setdefault(tuple(each.uid for each in about(rules.policies, Asset(one.id))), one.id)
        if len(spoken) > 1:
            shared = f"{', '.join(spoken.values())} share the type {name}"
            yield FOLDER, f"{shared}, and policies differ: it is only for those who may read all of them"


def _missing(iri: str, there: Mapping[AssetKind, Collection[str]]) -> AssetKind | None:
    """The kind of what an IRI names, where there is no such thing."""
    for kind, names in there.items():
        if iri.startswith(asset_iri(kind, "")) and iri not in {asset_iri(kind, name) for name in names}:
            return kind
    return None


def _policies(place: Path) -> Iterator[Policy]:
    for path in sorted(place.iterdir()):
        if path.name in (_ROLES, _RELEASE):
            continue
        try:
            yield from _read(path)
        except errors.BadRequestData as problem:
            where = f"{_name(path)}: {problem.where}"
            raise errors.CityPackageInvalid(problem.message, where=where, hint=problem.hint) from problem


def _read(path: Path) -> Iterator[Policy]:
    where = f"urn:sympolis:policy:{path.stem}"
    if path.suffix == ".toml":
        yield read_policy(_toml(path), where=where)
    elif path.suffix == ".jsonld":
        yield read_policy(_json(path), where=where)
    elif path.suffix == ".ttl":
        from sympolis.governance.policy.graphs import parse_policies

        try:
            yield from parse_policies(_text(path))
        except ImportError as problem:
            raise errors.CityPackageInvalid(
                "policies in Turtle need the extra `rdf`",
                where=_name(path),
                hint="pip install 'sympolis[rdf]'",
            ) from problem


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as problem:
        raise errors.CityPackageInvalid(f"is not valid TOML: {problem}", where=_name(path)) from problem


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except ValueError as problem:
        raise errors.CityPackageInvalid(f"is not valid JSON: {problem}", where=_name(path)) from problem


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise errors.CityPackageInvalid(f"is larger than {_MOST_BYTES} bytes", where=_name(path))
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise errors.CityPackageInvalid(f"cannot be read: {problem}", where=_name(path)) from problem


def _name(path: Path) -> str:
    return f"{FOLDER}/{path.name}"
