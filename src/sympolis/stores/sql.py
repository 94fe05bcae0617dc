"""SQL lives in ``.sql`` files: this reads them as named statements.

A statement begins with ``-- name: entity_by_id``; comment lines below it say what it is for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

_HEAD = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


def load(package: str, file: str) -> Mapping[str, str]:
    """The statements of a ``.sql`` file of ``package``, by name. Raises ``ValueError`` if it has none."""
    pieces = _HEAD.split(resources.files(package).joinpath(file).read_text("utf-8"))
    found = dict(zip(pieces[1::2], map(_bare, pieces[2::2]), strict=True))
    if not found:
        raise ValueError(f"{package}/{file} has no '-- name:' line")
    return MappingProxyType(found)


def migrations(package: str) -> list[tuple[int, str]]:
    """The scripts ``migrations/NNNN_title.sql`` of a package as (number, script), in order."""
    folder = resources.files(package).joinpath("migrations")
    scripts = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted((int(entry.name.split("_")[0]), entry.read_text("utf-8")) for entry in scripts)


def _bare(statement: str) -> str:
    lines = [line for line in statement.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().rstrip(";")
