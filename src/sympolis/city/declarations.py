"""Declarations as documents: what a city package says in TOML, written as JSON from what the running twin holds.

The inverse of ``domain.reading``: names are those of the files, what has its default is left out. Dates are typed
values as JSON-LD writes them, since JSON has none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

import msgspec

from sympolis.domain import errors

_TYPE, _VALUE = "@type", "@value"
_TIMES: Final = {"xsd:dateTime": datetime, "xsd:date": date}
_DEEPEST: Final = 40


def document_of(plan: Any) -> dict[str, Any]:
    """What a file of the package would say of a plan."""
    found = {}
    for item in dataclasses.fields(plan):
        value = getattr(plan, item.name)
        if item.init and not _is_default(item, value):
            found[item.metadata.get("key") or item.name] = _plain(value)
    return found


def _is_default(item: dataclasses.Field[Any], value: Any) -> bool:
    if item.default_factory is not dataclasses.MISSING:
        return bool(value == item.default_factory())
    return item.default is not dataclasses.MISSING and bool(value == item.default)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return document_of(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        kind = "xsd:dateTime" if isinstance(value, datetime) else "xsd:date"
        return {_TYPE: kind, _VALUE: value.isoformat()}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value


def encode(document: Mapping[str, Any]) -> bytes:
    """The document as a file of a package: the same bytes for the same document."""
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"))


def decode(content: bytes, where: str) -> dict[str, Any]:
    """The document in such a file. Raises ``BadRequestData``."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise errors.BadRequestData("is not JSON", where=where) from cause
    if not isinstance(found, dict):
        raise errors.BadRequestData("expected an object", where=where)
    read: dict[str, Any] = timed(found, where)
    return read


def timed(value: Any, where: str = "", depth: int = 0) -> Any:
    """The document with its typed values as dates. Raises ``BadRequestData``."""
    if depth > _DEEPEST:
        raise errors.BadRequestData("is nested too deeply", where=where)
    if isinstance(value, dict):
        if set(value) == {_TYPE, _VALUE} and value[_TYPE] in _TIMES:
            return _time(value, where)
        return {key: timed(one, where, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [timed(one, where, depth + 1) for one in value]
    return value


def _time(value: Mapping[str, Any], where: str) -> date:
    try:
        return _TIMES[value[_TYPE]].fromisoformat(value[_VALUE])
    except (ValueError, TypeError):
        raise errors.BadRequestData("has a date that is none", where=where) from None
