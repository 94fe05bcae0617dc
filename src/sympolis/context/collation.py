"""How texts compare when entities are put in order: near to what the ICU root collation does (clause 4.23).

The Unicode Collation Algorithm weighs a text on levels: first which letters it has, then their accents, then their
case. This follows it with what Python knows about characters, without the table of weights (2 MB, half a second to
load). What differs: letters outside the table below keep the order of their code points within their script, and
scripts the order of their blocks (Latin, Greek, Cyrillic, … as in the root collation, but Han by code point).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

Key = tuple[tuple[tuple[int, str], ...], str, str, str]
"""Letters, accents, case, and the text itself so that different texts never compare as equal."""

ROOT: Final = "und"
_CLASSES: Final = {"Z": 0, "C": 0, "P": 1, "S": 2, "N": 4}
_CURRENCY: Final = 3
_LETTER: Final = 5
_BASES: Final = {
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "ı": "i",
    "ŧ": "t",
    "ð": "d",
    "ß": "ss",
}
"""Letters that Unicode does not take apart, and what they are ordered with."""
_SIGNS: Final = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~"
"""The order of ASCII's signs within their class; all others come after them."""
_AS_ROOT: Final = frozenset(
    "und root en de fr it nl pt ca ga id ms lb sw zu xh eu gl oc rm fur wa gd".split()  # noqa: SIM905
)


def is_known(language: str) -> bool:
    """Whether texts can be ordered by this language's rules: those to which the root collation applies unchanged."""
    return language.lower().replace("_", "-").partition("-")[0] in _AS_ROOT


@lru_cache(maxsize=65_536)
def collation_key(text: str) -> Key:
    """What to compare instead of ``text``."""
    parts = unicodedata.normalize("NFKD", text)
    marks = "".join(one for one in parts if unicodedata.combining(one)) if not parts.isascii() else ""
    letters = parts if not marks else "".join(one for one in parts if not unicodedata.combining(one))
    plain = letters.casefold()
    weights = tuple(_weight(base) for one in plain for base in _BASES.get(one, one))
    return weights, marks, letters.swapcase(), text


@lru_cache(maxsize=4096)
def _weight(one: str) -> tuple[int, str]:
    category = unicodedata.category(one)
    if category == "Sc":
        return _CURRENCY, one
    place = _SIGNS.find(one)
    return _CLASSES.get(category[0], _LETTER), one if place < 0 else chr(place)
