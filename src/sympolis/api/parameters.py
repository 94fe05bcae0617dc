"""Query parameters as values: each one reads itself from a request and describes itself in the OpenAPI document.

One declaration gives the check and the documentation, so neither can drift from the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sympolis.api.http import Request
from sympolis.context.instants import parse_instant
from sympolis.domain import errors

MAX_TEXT = 4096
"""Longest text of one parameter, in characters."""
FIRST_YEAR, LAST_YEAR = 1000, 9000
"""Of moments that spans are added to."""

T = TypeVar("T")
_INTEGER = re.compile(r"-?[0-9]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """A query parameter that is any text up to ``max_length`` characters."""

    name: str
    text: str
    required: bool = False
    max_length: int = MAX_TEXT
    choices: tuple[str, ...] = ()
    example: object = None

    def raw(self, request: Request) -> str | None:
        """The value as sent, or None. Raises ``InvalidRequest`` if it is missing, too long or not a choice."""
        value = request.parameters.get(self.name)
        if value is None:
            if self.required:
                raise errors.InvalidRequest("the parameter is required", where=self.name)
            return None
        if len(value) > self.max_length:
            raise errors.InvalidRequest(f"longer than {self.max_length} characters", where=self.name)
        if self.choices and value not in self.choices:
            raise errors.InvalidRequest(f"expected one of {', '.join(self.choices)}", where=self.name)
        return value

    def check(self, request: Request) -> None:
        """Raise ``InvalidRequest`` or ``BadRequestData`` where the value breaks its schema."""
        self.raw(request)

    def _once(self, request: Request, read: Callable[[str], T], absent: T) -> T:
        """What ``read`` makes of the value, once per query string; ``absent`` where there is none."""
        parameters = request.parameters
        if self.name not in parameters and not self.required:
            return absent
        return parameters.once(self, lambda: read(self.raw(request) or ""))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": "string", "maxLength": self.max_length}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegerParameter(Parameter):
    """A whole number within [low, high]."""

    low: int = 0
    high: int = 1_000_000
    default: int = 0
    clamps: bool = False
    """What is above ``high`` means ``high``, where a standard wants it so."""

    def check(self, request: Request) -> None:
        """See ``Parameter.check``."""
        self.of(request)

    def of(self, request: Request) -> int:
        """The number, or the default. Raises ``InvalidRequest``."""
        return self._once(request, self._number, self.default)

    def _number(self, value: str) -> int:
        found = int(value) if _INTEGER.fullmatch(value) else None
        if found is not None and self.clamps:
            found = min(found, self.high)
        if found is None or not self.low <= found <= self.high:
            raise errors.InvalidRequest(
                f"expected a whole number from {self.low} to {self.high}", where=self.name
            )
        return found

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        document = {"type": "integer", "minimum": self.low, "default": self.default}
        return document if self.clamps else {**document, "maximum": self.high}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BooleanParameter(Parameter):
    """``true`` or ``false``; false where absent."""

    def check(self, request: Request) -> None:
        """See ``Parameter.check``."""
        self.of(request)

    def of(self, request: Request) -> bool:
        """The flag. Raises ``InvalidRequest``."""
        return self._once(request, self._flag, False)

    def _flag(self, value: str) -> bool:
        if value not in ("true", "false"):
            raise errors.InvalidRequest("expected true or false", where=self.name)
        return value == "true"

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"type": "boolean", "default": False}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListParameter(Parameter):
    """Comma-separated words, at most ``max_items``."""

    max_items: int = 1000
    max_length: int = 32_768

    def check(self, request: Request) -> None:
        """See ``Parameter.check``."""
        self.of(request)

    def of(self, request: Request) -> tuple[str, ...]:
        """The words, in order; empty where absent. Raises ``InvalidRequest`` for an empty word."""
        return self._once(request, self._words, ())

    def _words(self, value: str) -> tuple[str, ...]:
        words = tuple(word.strip() for word in value.split(","))
        if not all(words):
            raise errors.InvalidRequest("expected words separated by single commas", where=self.name)
        if len(words) > self.max_items:
            raise errors.InvalidRequest(f"more than {self.max_items} items", where=self.name)
        return words


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeParameter(Parameter):
    """A date-time of RFC 3339, e.g. ``2024-03-04T08:00:00Z``."""

    def check(self, request: Request) -> None:
        """See ``Parameter.check``."""
        self.of(request)

    def of(self, request: Request) -> datetime | None:
        """The time in UTC, or None. Raises ``InvalidRequest``."""
        return self._once(request, self._time, None)

    def _time(self, value: str) -> datetime | None:
        return parse_instant(value, where=self.name)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"type": "string", "format": "date-time"}


class MomentParameter(TimeParameter):
    """A date-time that spans are added to: not so near to either end of the calendar that years would be missing."""

    def _time(self, value: str) -> datetime | None:
        moment = parse_instant(value, where=self.name)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            text = f"expected a year from {FIRST_YEAR} to {LAST_YEAR}"
            raise errors.InvalidRequest(text, where=self.name)
        return moment


LIMIT = IntegerParameter(name="limit", text="How many to give at most.", low=1, high=1000, default=20)
OFFSET = IntegerParameter(name="offset", text="How many to skip.", high=10_000_000)
