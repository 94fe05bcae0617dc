"""What operations of the log are called by people: the log keeps their names, which nobody but a developer reads."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_LENGTH: Final = re.compile(r"(?<=[a-z])\d+$")
"""Operations along paths of several lengths are one to people: ``readSensorThings1`` …"""


def in_words(operation: str) -> Mapping[str, str]:
    """An operation by language; empty where a log has one that this version has no words for."""
    return _table().get(_LENGTH.sub("", operation), {})


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("operations.toml").read_text(encoding="utf-8"))
