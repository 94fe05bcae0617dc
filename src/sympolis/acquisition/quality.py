"""The quality gate: what one value, time or row must be, and the reason in words where it is not.

A row with any reason is quarantined whole: half a row in the twin would be a number nobody can question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sympolis.acquisition.source import Expectation, Expectations
from sympolis.acquisition.times import duration

RULES = (
    "row",
    "required",
    "type",
    "unit",
    "code",
    "range",
    "time",
    "staleness",
    "geometry",
    "duplicate",
    "reference",
    "identity",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row did not pass: the field, the rule it broke, what was found and what was expected."""

    field: str
    rule: str
    message: str
    expected: str = ""


class Unfit(Exception):
    """A value that cannot be taken; becomes a ``Reason``."""

    def __init__(self, rule: str, message: str, expected: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.expected = expected

    def reason(self, field: str) -> Reason:
        """The reason, for ``field``."""
        return Reason(field, self.rule, self.message, self.expected)


Check = Callable[[Any], None]
"""Raises ``Unfit`` where the value breaks an expectation."""

_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "text": (str,),
    "boolean": (bool,),
}


def checker(expectation: Expectation | None) -> Check | None:
    """The check of one attribute's values, None where nothing is expected of them."""
    if expectation is None:
        return None
    checks = [_type_check(expectation), _range_check(expectation), _code_check(expectation)]
    wanted = [check for check in checks if check is not None]
    if len(wanted) <= 1:
        return wanted[0] if wanted else None

    def check_all(value: Any) -> None:
        for check in wanted:
            check(value)

    return check_all


def _type_check(expectation: Expectation) -> Check | None:
    if expectation.type is None:
        return None
    name, kinds = expectation.type, _TYPES[expectation.type]

    def check(value: Any) -> None:
        if not isinstance(value, kinds) or (isinstance(value, bool) and name != "boolean"):
            raise Unfit("type", f"{value!r} is not a {name}", name)

    return check


def _range_check(expectation: Expectation) -> Check | None:
    low, high = expectation.low, expectation.high
    if low is None and high is None:
        return None
    least = float("-inf") if low is None else low
    most = float("inf") if high is None else high
    expected = f"{'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"

    def check(value: Any) -> None:
        if not isinstance(value, int | float):
            raise Unfit("type", f"{value!r} is not a number", "number")
        if not least <= value <= most:
            raise Unfit(
                "range", f"{value} is {'below' if value < least else 'above'} what is plausible", expected
            )

    return check


def _code_check(expectation: Expectation) -> Check | None:
    codes = frozenset(expectation.codes)
    if not codes:
        return None

    def check(value: Any) -> None:
        if str(value) not in codes:
            raise Unfit("code", f"{value!r} is not in the code list", ", ".join(sorted(codes)))

    return check


class TimeGate:
    """Whether an observation's time is acceptable, judged against the time of the run."""

    def __init__(self, expectations: Expectations, now: datetime) -> None:
        self._earliest = expectations.earliest
        self._latest = None if expectations.future else now
        age = duration(expectations.max_row_age)
        self._oldest = now - age if age is not None else None

    def check(self, at: datetime) -> None:
        """Raises ``Unfit`` (rules ``time`` and ``staleness``)."""
        if self._latest is not None and at > self._latest:
            raise Unfit("time", f"{at.isoformat()} is in the future", f"not after {self._latest.isoformat()}")
        if self._earliest is not None and at < self._earliest:
            raise Unfit("time", f"{at.isoformat()} is too early", f"not before {self._earliest.isoformat()}")
        if self._oldest is not None and at < self._oldest:
            raise Unfit("staleness", f"{at.isoformat()} is too old", f"not before {self._oldest.isoformat()}")


def is_stale(expectations: Expectations, newest: datetime | None, now: datetime) -> bool:
    """Whether a source whose newest observation is ``newest`` has fallen behind its ``max_age``."""
    age: timedelta | None = duration(expectations.max_age)
    return age is not None and (newest is None or now - newest > age)
