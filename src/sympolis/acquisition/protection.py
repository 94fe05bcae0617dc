"""Takes people out of rows before anything looks at them: fields dropped, pseudonyms, groups of at least k persons.

It stands between connector and gate: what it removes is neither judged nor held in quarantine nor remembered. The
delivery itself is kept as it came, in the data folder only (``Refresh.keep``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.acquisition.source import Aggregate, Privacy
from sympolis.domain import errors
from sympolis.plugins.connector import Record

_LEAST_SECRET: Final = 32
_PSEUDONYM_BYTES: Final = 16
_MOST_GROUPS: Final = 100_000
_MOST_PERSONS: Final = 5_000_000


def protected(
    records: Iterable[Record], privacy: Privacy, *, source: str, secrets: Mapping[str, str]
) -> Iterator[Record]:
    """The rows as they may be seen. Raises ``SourceFailed`` where the key is missing or too short."""
    key = _key(privacy, source, secrets)
    plain = (_stripped(record, privacy, key, source) for record in records)
    return plain if privacy.aggregate is None else _grouped(plain, privacy.aggregate, source)


def pseudonym(key: bytes, source: str, name: str, value: Any) -> str:
    """A name that stands for a value: the same each time in this field of this source, unlike in any other.

    HMAC-SHA-256 (RFC 2104) cut to 128 bits, in lower-case letters and digits.
    """
    domain = f"{source}\0{name}\0{value}".encode()
    digest = hmac.digest(key, domain, hashlib.sha256)[:_PSEUDONYM_BYTES]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def _key(privacy: Privacy, source: str, secrets: Mapping[str, str]) -> bytes:
    if not privacy.pseudonymise:
        return b""
    found = secrets.get(privacy.key, "").encode()
    if len(found) < _LEAST_SECRET:
        raise errors.SourceFailed(
            f"needs the secret {privacy.key!r} of at least {_LEAST_SECRET} characters",
            where=f"sources/{source}.toml: privacy.key",
            hint=f'write {privacy.key} = "…" into local/secrets.toml, with: openssl rand -hex 32',
        )
    return found


def _stripped(record: Record, privacy: Privacy, key: bytes, source: str) -> Record:
    fields = {name: value for name, value in record.fields.items() if name not in privacy.drop}
    for name in privacy.pseudonymise:
        if fields.get(name) not in (None, ""):
            fields[name] = pseudonym(key, source, name, fields[name])
    return Record(record.number, fields, record.geometry, record.faults)


# --- groups


@dataclass(slots=True)
class _Group:
    """Persons by a digest of who they are (rows, where none is named), and sums with the numbers in them."""

    rows: int = 0
    persons: set[bytes] = field(default_factory=set)
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)

    def size(self, wanted: Aggregate) -> int:
        """How many persons it has."""
        return self.rows if wanted.persons is None else len(self.persons)


def _grouped(records: Iterable[Record], wanted: Aggregate, source: str) -> Iterator[Record]:
    """A row for each group of at least k persons; smaller ones are left out, whatever they hold.

    Rows that could not be read as such go on with their faults alone, so that they are counted and held.
    """
    groups: dict[tuple[Any, ...], _Group] = {}
    persons = 0
    for record in records:
        if record.faults:
            yield Record(record.number, {}, None, record.faults)
            continue
        group = groups.setdefault(tuple(record.fields.get(name) for name in wanted.by), _Group())
        before = len(group.persons)
        _add(group, record.fields, wanted)
        persons += len(group.persons) - before
        _check_size(len(groups), persons, source)
    kept = ((key, group) for key, group in groups.items() if group.size(wanted) >= wanted.k)
    for number, (key, group) in enumerate(sorted(kept, key=lambda pair: repr(pair[0])), 1):
        yield Record(number, _fields(key, group, wanted))


def _add(group: _Group, fields: Mapping[str, Any], wanted: Aggregate) -> None:
    group.rows += 1
    if wanted.persons is not None and fields.get(wanted.persons) not in (None, ""):
        who = str(fields[wanted.persons]).encode()
        group.persons.add(hashlib.blake2b(who, digest_size=_PSEUDONYM_BYTES).digest())
    for name in wanted.means:
        value = _number(fields.get(name))
        if value is not None:
            total, count = group.sums.get(name, (0.0, 0))
            group.sums[name] = (total + value, count + 1)


def _fields(key: tuple[Any, ...], group: _Group, wanted: Aggregate) -> dict[str, Any]:
    """What is released of a group. A mean of fewer than k numbers is left out: it would tell about those few."""
    found: dict[str, Any] = dict(zip(wanted.by, key, strict=True))
    found[wanted.count] = group.size(wanted)
    for name in wanted.means:
        total, count = group.sums.get(name, (0.0, 0))
        found[name] = total / count if count >= wanted.k else None
    return found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value in (None, ""):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _check_size(groups: int, persons: int, source: str) -> None:
    if groups > _MOST_GROUPS or persons > _MOST_PERSONS:
        raise errors.SourceFailed(
            f"has more than {_MOST_GROUPS:,} groups or {_MOST_PERSONS:,} persons",
            where=f"sources/{source}.toml: privacy.aggregate",
            hint="group by fewer or coarser fields",
        )
