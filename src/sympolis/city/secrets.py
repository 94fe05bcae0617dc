"""The passwords and keys of a package: in one file that no version control sees, named by settings.

A setting called ``password``, ``token`` or ``secret`` holds a name; the value stands in ``local/secrets.toml``.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sympolis.domain import errors

FILE: Final = "local/secrets.toml"
_NAMING: Final = frozenset({"password", "token", "secret"})
"""Settings that name a secret."""


def read_secrets(folder: Path) -> dict[str, str]:
    """The passwords and keys of a package, by name: ``local/secrets.toml``, which no version control sees.

    Raises ``CityPackageInvalid`` where the file is there and cannot be read.
    """
    path = folder / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as cause:
        raise errors.CityPackageInvalid("cannot be read as TOML", where=str(path)) from cause
    wrong = [name for name, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise errors.CityPackageInvalid(
            "a secret is a text", where=f"{path}: {wrong[0]}", hint=f'write {wrong[0]} = "…"'
        )
    return found


def named(settings: Any) -> Iterator[tuple[str, str]]:
    """Each setting that names a secret, with the name."""
    if dataclasses.is_dataclass(settings):
        for item in dataclasses.fields(settings):
            name = getattr(settings, item.name)
            if item.name in _NAMING and isinstance(name, str) and name:
                yield item.name, name
