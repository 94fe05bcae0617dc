"""Types and attributes in the words of planners: a remark that names ``shadeShare`` helps only whoever wrote the model.

The table beside this module knows what the platform's own models ask for. A term that it does not know (a city's or
somebody else's) is said as it is written, taken apart: better a technical word than none.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

Texts = Mapping[str, str]

LANGUAGES = ("it", "de", "en")
_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def type_in_words(name: str) -> Texts:
    """An entity type, in the plural: "Ortsteile und andere statistische Gebiete"."""
    return _table()["types"].get(name) or dict.fromkeys(LANGUAGES, name)


def attribute_in_words(name: str) -> Texts:
    """An attribute or a variable of a coverage."""
    return _table()["attributes"].get(name) or dict.fromkeys(LANGUAGES, _PARTS.sub(" ", name).lower())


@functools.cache
def _table() -> Mapping[str, Mapping[str, Texts]]:
    found = tomllib.loads(Path(__file__).with_name("in_words.toml").read_text(encoding="utf-8"))
    return {
        part: {name: dict(zip(LANGUAGES, words, strict=True)) for name, words in found[part].items()}
        for part in ("types", "attributes")
    }
