"""Names a model's code: a version number that someone forgot to raise must not bring back results of older code."""

from __future__ import annotations

import hashlib
import inspect
from functools import lru_cache
from pathlib import Path

from sympolis.plugins.simulator import Simulator

_SOURCES = (".py", ".toml", ".json", ".csv", ".xml")
_DIGITS = 8


@lru_cache(maxsize=32)
def release(simulator: type[Simulator]) -> str:
    """The declared version and a digest of the plugin's files, e.g. ``1.0.0-3f9a01c2``.

    A plugin is a package: all files in its folder count. A model in a single module counts by that module.
    """
    digest = hashlib.sha256()
    for path in _files(Path(inspect.getfile(simulator))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{simulator.version}-{digest.hexdigest()[:_DIGITS]}"


def _files(module: Path) -> list[Path]:
    if module.name != "__init__.py":
        return [module]
    found = (path for path in module.parent.rglob("*") if path.suffix in _SOURCES)
    return sorted(found, key=lambda path: path.relative_to(module.parent).as_posix())
