"""What a person may set: every flag of ``serve`` and ``demo`` is also ``SYMPOLIS_*`` and a line of ``sympolis.toml``.

Flags win over the environment, the environment over the file, the file over the defaults. Unknown keys are errors.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sympolis.domain import errors

PREFIX = "SYMPOLIS_"
FILE = "sympolis.toml"
ENVIRONMENT_ONLY = frozenset(
    {
        "CHROMIUM",
        "CONFIG",
        "REBUILD_UI",
        "REQUIRE_BROWSER",
        "REQUIRE_MOSQUITTO",
        "REQUIRE_POSTGRES",
        "TWIN_URL",
    }
)
"""``SYMPOLIS_*`` variables that are for builds and tests, not settings of a server."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run one twin.

    ``city`` is a name (``bologna``) or a path to a city package; ``data`` the folder that keeps everything the twin
    knows (one sub-folder per city); ``store`` is ``embedded``, ``memory`` or
    ``postgresql://…``; ``hosts`` are further names under which
    browsers may reach the server (a guard against DNS rebinding); ``allow_loopback`` lets the server call out to
    private addresses, for tests and for several twins on one machine.
    """

    city: str = "bologna"
    host: str = "127.0.0.1"
    port: int = 8400
    data: Path = Path(".sympolis")
    store: str = "embedded"
    hosts: tuple[str, ...] = ()
    allow_loopback: bool = False
    max_body_mb: int = 16
    log_level: str = "warning"

    def __post_init__(self) -> None:
        _check(0 <= self.port <= 65535, "port", f"{self.port} is not a port", "use 0 (any free one) to 65535")
        _check(
            self.store in STORES or self.store.startswith(POSTGRESQL),
            "store",
            f"{self.store!r} is not a store",
            f"use one of {', '.join(STORES)}, or an address that begins with {POSTGRESQL}",
        )
        _check(
            1 <= self.max_body_mb <= 1024,
            "max_body_mb",
            "must lie between 1 and 1024 MB",
            "16 is the default",
        )
        _check(
            self.log_level in LOG_LEVELS,
            "log_level",
            f"{self.log_level!r} is no level",
            f"use one of {', '.join(LOG_LEVELS)}",
        )


STORES = ("embedded", "memory")
POSTGRESQL = "postgresql://"
"""A store setting that begins so is the address of a PostgreSQL database (docs/howto/use-postgresql.md)."""
LOG_LEVELS = ("debug", "info", "warning", "error")


def read(
    flags: Mapping[str, Any], *, environment: Mapping[str, str] | None = None, file: Path | None = None
) -> Settings:
    """Settings from flags (None: not given), environment and file, in this order. Raises ``SettingsInvalid``."""
    environment = os.environ if environment is None else environment
    chosen = file or Path(environment.get(PREFIX + "CONFIG", FILE))
    values: dict[str, Any] = {
        **_from_file(chosen, required=file is not None),
        **_from_environment(environment),
    }
    values.update({name: value for name, value in flags.items() if value is not None})
    return Settings(**{name: _typed(name, value) for name, value in values.items()})


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.exists():
        if required:
            raise errors.SettingsInvalid("there is no such file", where=str(path))
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise errors.SettingsInvalid(f"is not TOML: {problem}", where=str(path)) from problem
    for name in found:
        _known(name, f"{path}: {name}")
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for variable, value in environment.items():
        short = variable.removeprefix(PREFIX)
        if short == variable or short in ENVIRONMENT_ONLY:
            continue
        _known(short.lower(), variable)
        found[short.lower()] = value
    return found


def _known(name: str, where: str) -> None:
    names = [field.name for field in fields(Settings)]
    _check(name in names, where, "is not a setting", f"known: {', '.join(names)}")


def _typed(name: str, value: Any) -> Any:
    kind: Any = type(next(field.default for field in fields(Settings) if field.name == name))
    try:
        if kind is tuple:
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(part.strip() for part in parts if part.strip())
        if kind is bool and isinstance(value, str):
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
                value.lower()
            ]
        return kind(value)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise errors.SettingsInvalid(f"{value!r} is not a {kind.__name__}", where=name) from problem


def _check(holds: bool, where: str, message: str, hint: str) -> None:
    if not holds:
        raise errors.SettingsInvalid(message, where=where, hint=hint)
