"""What a simulator is made of: its plugin's files, the platform, and the distributions that it needs while it runs.

Two sources, and neither is written by hand: the extras that the manifest names, and what the plugin's code imports.
From there on everything that those distributions require and that is installed here, with who requires whom. The
platform is one component; what it requires itself is listed only where the plugin uses it, too.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sympolis.city.assets import parts
from sympolis.dataspace.repository.draft import Component
from sympolis.domain import bills, errors
from sympolis.plugins import loader

Json = dict[str, Any]


@cache
def bill_of_simulator(simulator: str) -> Json:
    """The CycloneDX document of a simulator as it is installed here. Raises ``NotFound`` where no plugin gives it."""
    found = next((one for one in loader.plugins() if _is(one, simulator)), None)
    if found is None:
        raise errors.NotFound(f"no installed plugin gives the simulator {simulator!r}", where="model")
    subject = _subject(found.manifest)
    files = [bills.file(place, sha256) for place, sha256 in _files(found.folder).items()]
    direct = _direct(found)
    libraries = _closure(one for one in direct.values() if one.kind == "library")
    whole = {**direct, **libraries}
    refs = {name: _part(one)["bom-ref"] for name, one in whole.items()}
    needs = {subject["bom-ref"]: [*(one["bom-ref"] for one in files), *(refs[name] for name in direct)]}
    needs |= {refs[name]: [refs[other] for other in parts.required(name)] for name in libraries}
    return bills.bill(subject, [*files, *map(_part, whole.values())], needs)


def _is(plugin: loader.Plugin, simulator: str) -> bool:
    return (plugin.manifest.kind, plugin.manifest.id) == ("simulator", simulator)


def _subject(manifest: loader.Manifest) -> Json:
    title = manifest.description.get("en") or manifest.title.get("en", "")
    return {
        **bills.part(
            kind="application", name=manifest.id, version=manifest.version, licence=manifest.licence
        ),
        "description": title,
        "supplier": {"name": manifest.owner},
        "properties": [{"name": "sympolis:standard", "value": one} for one in manifest.standards],
    }


def _files(folder: Path) -> Mapping[str, str]:
    """Place and SHA-256 of each file that runs; tests and what Python leaves behind are none of it."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not _aside(path, folder))
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found
    }


def _aside(path: Path, folder: Path) -> bool:
    return bool({"tests", "__pycache__"} & set(path.relative_to(folder).parts))


def _direct(plugin: loader.Plugin) -> dict[str, Component]:
    """By canonical name: the platform, what the extras bring and what the code imports."""
    code = [path for path in plugin.folder.rglob("*.py") if not _aside(path, plugin.folder)]
    imports = (one for path in code for one in parts.imported(path.read_text(encoding="utf-8")))
    named = [one for one in parts.components((plugin.manifest.id,)) if one.name != plugin.manifest.id]
    found = {parts.canonical(one.name): one for one in (*named, *imports)}
    return {name: found[name] for name in sorted(found) if found[name].version or name in _names(named)}


def _names(components: Iterable[Component]) -> set[str]:
    return {parts.canonical(one.name) for one in components}


def _closure(begin: Iterable[Component]) -> dict[str, Component]:
    """These and all that they require, directly or not, sorted by name."""
    found: dict[str, Component] = {}
    open_ones = {parts.canonical(one.name): one for one in begin}
    while open_ones:
        found |= open_ones
        wanted = {other for name in open_ones for other in parts.required(name)}
        open_ones = {name: parts.installed(name) for name in wanted - found.keys()}
    return dict(sorted(found.items()))


def _part(one: Component) -> Json:
    name = parts.canonical(one.name) if one.kind == "library" else one.name
    found = bills.part(
        kind=one.kind, name=name, version=one.version, licence=one.licence, sha256=_archive(one)
    )
    if one.kind == "library" and one.version:
        found["purl"] = f"pkg:pypi/{name}@{one.version}"
    return found


def _archive(one: Component) -> str:
    """The hash of the archive that it was installed from, where the installer kept it (PEP 610); mostly it does not."""
    try:
        told = importlib.metadata.distribution(one.name).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return ""
    kept = json.loads(told or "{}").get("archive_info", {})
    return str(kept.get("hashes", {}).get("sha256", ""))
