"""What a model's figures mean, in plain words: a figure that only experts can read decides nothing together.

Beside a model's class a file ``meanings.toml`` may say, by the figure's name, in one or two sentences what it counts
and what more or less of it is like::

    [total_delay]
    en = "Time that all vehicles together lose against driving freely."
    de = "Zeit, die alle Fahrzeuge zusammen gegenüber freier Fahrt verlieren."

A figure without an entry is shown without an explanation; one of ours without an entry fails a test.
"""

from __future__ import annotations

import functools
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILE: Final = "meanings.toml"

Texts = Mapping[str, str]


def meanings_of(simulator: object) -> Mapping[str, Texts]:
    """By name of a figure: its meaning by language, from the file beside the class of ``simulator`` (or that class)."""
    return _beside(str(simulator.__module__))


@functools.cache
def _beside(module: str) -> Mapping[str, Texts]:
    place = getattr(sys.modules.get(module), "__file__", None)
    file = Path(place).with_name(FILE) if place else None
    return tomllib.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else {}
