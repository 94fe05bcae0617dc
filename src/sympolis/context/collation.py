"""How texts compare when entities are put in order: near to what ICU's collations do (clause 4.23).

The Unicode Collation Algorithm weighs a text on levels: first which letters it has, then their accents, then their
case. This follows it with what Python knows about characters, without the table of weights (2 MB, half a second to
load). What differs: letters outside the tables below keep the order of their code points within their script, and
scripts the order of their blocks (Latin, Greek, Cyrillic, … as in the root collation, but Han by code point).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Key = tuple[str, str, str, str]
"""Weights of the letters, accents, case, and the text itself so that different texts never compare as equal."""

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
}
"""Letters that Unicode does not take apart, and what they are ordered with."""
_SIGNS: Final = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~"
"""The order of ASCII's signs within their class; all others come after them."""
_AS_ROOT: Final = frozenset("und root en de fr it nl pt ca ga id ms lb eu gl oc el".split())  # noqa: SIM905
"""Languages to which the root collation applies unchanged."""
_OWN_LETTERS: Final[Mapping[str, str]] = {
    "bg": "и<й",
    "bs": "c<č<ć d<dž<đ l<lj n<nj s<š z<ž",
    "cs": "c<č h<ch r<ř s<š z<ž",
    "cy": "c<ch d<dd f<ff g<ng l<ll p<ph r<rh t<th",
    "da": "z<æ=ä<ø=ö<å=aa",
    "es": "n<ñ",
    "et": "s<š<z<ž w<õ<ä<ö<ü",
    "fi": "z<å<ä=æ<ö=ø",
    "hr": "c<č<ć d<dž<đ l<lj n<nj s<š z<ž",
    "hu": "c<cs d<dz<dzs g<gy l<ly n<ny o<ö<ő s<sz t<ty u<ü<ű z<zs",
    "is": "a<á d<ð e<é i<í o<ó u<ú y<ý z<þ<æ<ö<å",
    "lt": "c<č s<š z<ž",
    "lv": "c<č g<ģ k<ķ l<ļ n<ņ r<ŗ s<š z<ž",
    "nb": "z<æ=ä<ø=ö<å=aa",
    "nn": "z<æ=ä<ø=ö<å=aa",
    "no": "z<æ=ä<ø=ö<å=aa",
    "pl": "a<ą c<ć e<ę l<ł n<ń o<ó s<ś z<ź<ż",
    "ro": "a<ă<â i<î s<ș=ş t<ț=ţ",
    "ru": "и<й",
    "sk": "a<ä c<č h<ch o<ô s<š z<ž",
    "sl": "c<č<ć d<đ s<š z<ž",
    "sq": "c<ç d<dh e<ë g<gj l<ll n<nj r<rr s<sh t<th x<xh z<zh",
    "sv": "z<å<ä=æ<ö=ø",
    "tr": "c<ç g<ğ h<ı o<ö s<ş u<ü",
    "uk": "г<ґ е<є и<і<ї<й",
}
"""Letters that languages have of their own, each after the one that it follows; ``=``: ordered as the one before."""


@dataclass(frozen=True, slots=True)
class _Language:
    pattern: re.Pattern[str]
    weights: Mapping[str, str]
    folding: Mapping[int, str]


def is_known(language: str) -> bool:
    """Whether texts can be ordered by this language's rules (a tag like ``de`` or ``es-AR``)."""
    return _primary(language) in _AS_ROOT or _primary(language) in _OWN_LETTERS


@lru_cache(maxsize=4096)
def collation_key(text: str, language: str = ROOT) -> Key:
    """What to compare instead of ``text``."""
    parts = unicodedata.normalize("NFKD", text)
    marks, letters = "", parts
    if not parts.isascii():
        marks = "".join(filter(unicodedata.combining, parts))
        letters = "".join(one for one in parts if not unicodedata.combining(one))
    own = _own(_primary(language))
    weights = letters.casefold().translate(_WEIGHTS) if own is None else "".join(_own_weights(text, own))
    return weights, marks, letters.swapcase(), text


@lru_cache
def _primary(language: str) -> str:
    return re.split("[-_@]", language.lower(), maxsplit=1)[0]


def _own_weights(text: str, own: _Language) -> Iterator[str]:
    folded = unicodedata.normalize("NFC", text.translate(own.folding)).casefold()
    place = 0
    for found in own.pattern.finditer(folded):
        yield _plain(folded[place : found.start()]).translate(_WEIGHTS)
        yield own.weights[found.group()]
        place = found.end()
    yield _plain(folded[place:]).translate(_WEIGHTS)


def _plain(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


class _Weights(dict[int, str]):
    """What stands for a character when texts are compared: its class, then its place in it. Made when first met."""

    def __missing__(self, code: int) -> str:
        letters = _BASES.get(chr(code), chr(code))
        found = self[code] = "".join(map(_weight, letters))
        return found


_WEIGHTS: Final = _Weights()


def _weight(one: str) -> str:
    category = unicodedata.category(one)
    if category == "Sc":
        return chr(_CURRENCY) + one
    place = _SIGNS.find(one)
    return chr(_CLASSES.get(category[0], _LETTER)) + (one if place < 0 else chr(place))


@lru_cache
def _own(language: str) -> _Language | None:
    rules = _OWN_LETTERS.get(language)
    if rules is None:
        return None
    weights = dict(_ranked(rules.split()))
    longest_first = sorted(weights, key=len, reverse=True)
    folding = {ord("I"): "ı", ord("İ"): "i"} if language == "tr" else {}
    return _Language(re.compile("|".join(longest_first)), weights, folding)


def _ranked(chains: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each letter of a language's own with its weight: above its base's, whatever follows that, and below the next."""
    for chain in chains:
        base, *following = chain.split("<")
        for place, names in enumerate(following):
            for name in names.split("="):
                yield name, f"{chr(_LETTER)}{base}\uffff{chr(place)}"
