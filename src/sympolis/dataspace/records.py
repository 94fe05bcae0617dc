"""What a twin keeps of its dealings with others: records by kind and id, durable before anybody is answered."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Records(Protocol):
    """Keeps msgspec structs as JSON, by kind and id. Every call is one durable transaction."""

    def find(self, kind: str, record_id: str, to: type[T]) -> T | None:
        """The record; None where there is none."""
        ...

    def all(self, kind: str, to: type[T]) -> list[T]:
        """Every record of a kind, by id."""
        ...

    def keep(self, kind: str, record_id: str, record: msgspec.Struct) -> None:
        """Keep it; one of the same kind and id is replaced."""
        ...

    def drop(self, kind: str, record_id: str) -> bool:
        """Let it go; whether it was there."""
        ...

    def next_number(self, name: str) -> int:
        """The next whole number of a series, from 0: never the same twice."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class MemoryRecords:
    """``Records`` that last as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}
        self._numbers: dict[str, int] = {}

    def find(self, kind: str, record_id: str, to: type[T]) -> T | None:
        """See ``Records``."""
        body = self._kept.get((kind, record_id))
        return None if body is None else msgspec.json.decode(body, type=to)

    def all(self, kind: str, to: type[T]) -> list[T]:
        """See ``Records``."""
        return [
            msgspec.json.decode(body, type=to) for (of, _), body in sorted(self._kept.items()) if of == kind
        ]

    def keep(self, kind: str, record_id: str, record: msgspec.Struct) -> None:
        """See ``Records``."""
        self._kept[kind, record_id] = msgspec.json.encode(record)

    def drop(self, kind: str, record_id: str) -> bool:
        """See ``Records``."""
        return self._kept.pop((kind, record_id), None) is not None

    def next_number(self, name: str) -> int:
        """See ``Records``."""
        number = self._numbers.get(name, 0)
        self._numbers[name] = number + 1
        return number

    def close(self) -> None:
        """See ``Records``."""
