"""Which part of society an organisation belongs to, guessed from its name by words kept as data."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Final

from sympolis.assessment.ecosystem.model import Helix

_WORD: Final = re.compile(r"[\w.\-]+")
_LONGEST: Final = 300


@cache
def _words() -> dict[Helix, tuple[str, ...]]:
    text = resources.files(__package__ or "").joinpath("helices.toml").read_text(encoding="utf-8")
    return {Helix(name): tuple(words) for name, words in tomllib.loads(text).items()}


def helix_of(name: str) -> Helix:
    """The first helix of the table of which the name has a word; ``UNKNOWN`` where it has none."""
    found = {one.strip(".-") for one in _WORD.findall(name[:_LONGEST].lower())}
    for helix, words in _words().items():
        if any(fnmatchcase(one, word) for one in found for word in words):
            return helix
    return Helix.UNKNOWN
