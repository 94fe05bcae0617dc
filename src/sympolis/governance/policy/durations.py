"""Durations as XSD writes them (``P7D``, ``PT36H``), for elapsed times in constraints."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_PATTERN: Final = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_LONGEST_DIGITS: Final = 9


def parse_duration(text: str) -> timedelta:
    """``xsd:dayTimeDuration``; years and months are refused, since their length differs. Raises ``ValueError``."""
    found = _PATTERN.fullmatch(text)
    parts = {name: value for name, value in (found.groupdict() if found else {}).items() if value is not None}
    if not parts or any(len(value) > _LONGEST_DIGITS for value in parts.values()):
        raise ValueError(text)
    return timedelta(**{name: float(value) for name, value in parts.items()})


def write_duration(length: timedelta) -> str:
    """The same the other way round; of what is not negative."""
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"P{length.days}DT{hours}H{minutes}M{seconds}.{length.microseconds:06d}S"
