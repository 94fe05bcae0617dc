"""One URL says everything about the server: where it is, and how this twin is to use it.

    postgresql://user:password@host:5432/database?schema=trento&replica=host2&pool=8&timeout=10

Our own options are taken out of the query; everything else (``sslmode``, ``host``, ``passfile`` …) is the driver's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from sympolis.domain.errors import SettingsInvalid

_SCHEMES: Final = ("postgresql", "postgres")
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,40}", re.ASCII)
_HINT: Final = "for example postgresql://twin:secret@localhost:5432/twin?schema=trento"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a PostgreSQL store is and how to use it. ``str()`` of it never shows the password."""

    dsn: str
    """What the driver gets: the URL without our options."""
    schema: str = "sympolis"
    replicas: tuple[str, ...] = ()
    """URLs of the read replicas: the same database on other hosts."""
    readers: int = 8
    """Most connections for reading, per server."""
    writers: int = 4
    """Most connections for writing: so many tenants can commit at once."""
    timeout_s: float = 10.0
    """How long one read may take on the server."""
    migrate: bool = True
    """Whether opening brings the schema up to date (its additive part)."""

    def __str__(self) -> str:
        parts = urlsplit(self.dsn)
        return f"{parts.hostname or 'local'}:{parts.port or 5432}{parts.path or '/'} schema {self.schema}"


def parse(url: str) -> Address:
    """Read a store's URL. Raises ``SettingsInvalid`` saying which part is wrong."""
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise SettingsInvalid(f"this is not a URL: {error}", where="store", hint=_HINT) from error
    if parts.scheme not in _SCHEMES:
        raise SettingsInvalid(f"{parts.scheme!r} is not PostgreSQL", where="store", hint=_HINT)
    ours, theirs, replicas = _sorted(given)
    bare = parts._replace(query=urlencode(theirs))
    return Address(
        dsn=urlunsplit(bare),
        replicas=tuple(_replica(bare, host) for host in replicas),
        **{_OPTIONS[name][0]: _read(name, value) for name, value in ours.items()},
    )


def _sorted(given: list[tuple[str, str]]) -> tuple[dict[str, str], list[tuple[str, str]], list[str]]:
    """Our options, the driver's, and the replicas (the one option that may be given several times)."""
    ours = {name: value for name, value in given if name in _OPTIONS}
    replicas = [value for name, value in given if name == "replica"]
    theirs = [(name, value) for name, value in given if name not in _OPTIONS and name != "replica"]
    return ours, theirs, replicas


def _replica(bare: SplitResult, host: str) -> str:
    """The URL of the same database on another ``host[:port]``."""
    try:
        other = urlsplit(f"//{host}")
        well_formed = (
            bool(other.hostname) and (other.port or 1) > 0 and other.netloc == host and "@" not in host
        )
    except ValueError:
        well_formed = False
    if not well_formed:
        raise SettingsInvalid(
            f"{host!r} is not a host", where="store: replica", hint="give host or host:port"
        )
    account = f"{bare.netloc.rpartition('@')[0]}@" if "@" in bare.netloc else ""
    query = [(name, value) for name, value in parse_qsl(bare.query) if name not in ("host", "port")]
    return urlunsplit(bare._replace(netloc=account + host, query=urlencode(query)))


def _schema(text: str) -> str:
    if not _SCHEMA.fullmatch(text) or text.startswith("pg_"):
        raise ValueError("small letters, digits and _ only, 41 at most")
    return text


def _between(low: float, high: float, kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError(f"from {low:g} to {high:g}")
        return value

    return read


def _truth(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("yes or no")
    return text == "yes"


_OPTIONS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "schema": ("schema", _schema),
    "pool": ("readers", _between(1, 200, int)),
    "writers": ("writers", _between(1, 100, int)),
    "timeout": ("timeout_s", _between(0.1, 3600, float)),
    "migrate": ("migrate", _truth),
}
"""Name in the URL: field of ``Address`` and how to read it."""


def _read(name: str, value: str) -> Any:
    try:
        return _OPTIONS[name][1](value)
    except ValueError as error:
        raise SettingsInvalid(f"{value!r} cannot be used: {error}", where=f"store: {name}") from error
