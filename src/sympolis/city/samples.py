"""``sympolis city build-samples``: derives a city's compact sample tables from its source data, reproducibly.

A package's ``pipeline/`` holds one module per subject with ``build(pack, out)``: it reads source files below ``pack``
and writes tables below ``out``. Same input, same bytes: a table in git can be checked against its source at any time.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sympolis.domain import errors


@dataclass(frozen=True, slots=True)
class Table:
    """One sample file, relative to the package, and its size."""

    path: str
    kilobytes: float


def build(folder: Path, pack: Path, out: Path | None = None) -> list[Table]:
    """Run every pipeline module of the package; returns all sample files. ``out`` defaults to its ``samples/``.

    Raises ``CityPackageInvalid`` where there is no pipeline, no pack, or a module cannot read what it needs.
    """
    modules = sorted(path.stem for path in (folder / "pipeline").glob("[a-z]*.py"))
    if not modules:
        raise errors.CityPackageInvalid(
            "has no pipeline", where=str(folder), hint="add pipeline/<subject>.py"
        )
    if not pack.is_dir():
        hint = "give the folder that holds the source data, with --pack"
        raise errors.CityPackageInvalid("there is no such folder of source data", where=str(pack), hint=hint)
    out = out or folder / "samples"
    with _pipeline(folder) as package:
        for name in modules:
            _run(package, name, pack, out)
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return [Table(str(path.relative_to(out)), round(path.stat().st_size / 1000, 1)) for path in files]


def _run(package: str, name: str, pack: Path, out: Path) -> None:
    where = f"pipeline/{name}.py"
    try:
        module = importlib.import_module(f"{package}.{name}")
        if hasattr(module, "build"):
            module.build(pack, out)
    except ImportError as cause:
        message = f"cannot be loaded: {cause}"
        raise errors.CityPackageInvalid(message, where=where, hint="install the pipeline's needs") from cause
    except (OSError, KeyError, ValueError) as cause:
        message = f"could not derive its tables: {type(cause).__name__}: {cause}"
        raise errors.CityPackageInvalid(message, where=where, hint="check the source data") from cause


@contextmanager
def _pipeline(folder: Path) -> Iterator[str]:
    """The pipeline folder as a package of its own, so that its modules may share code by relative imports."""
    name = f"_pipeline_of_{folder.name}"
    package = types.ModuleType(name)
    package.__path__ = [str(folder / "pipeline")]
    sys.modules[name] = package
    try:
        yield name
    finally:
        for loaded in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[loaded]
