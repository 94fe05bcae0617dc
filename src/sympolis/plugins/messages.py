"""What models say beside their figures, in the reader's language.

A model says what must be said in English, with figures in it. Beside its class a file ``messages.toml`` may hold the
same sentences in other languages, with names in braces for what changes::

    [[messages]]
    en = "{n} blocks without known buildings are not judged"
    de = "{n} Blöcke ohne bekannte Gebäude werden nicht beurteilt"

A sentence that no file knows stays English: it is said, not swallowed.
"""

from __future__ import annotations

import functools
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sympolis.domain.numerals import as_written
from sympolis.plugins import loader

LANGUAGES: Final = ("it", "de", "en")
FILE: Final = "messages.toml"
_PLACE: Final = re.compile(r"\{(\w+)\}")
_MEMBERS: Final = re.compile(r"(?P<text>.*) \(in (?P<n>\d+) of (?P<of>\d+) members\)", re.DOTALL)
_IN_MEMBERS: Final = {
    "it": "{text} (in {n} esecuzioni su {of})",
    "de": "{text} (in {n} von {of} Rechnungen)",
    "en": "{text} (in {n} of {of} members)",
}
_NUMBER: Final = re.compile(r"[+-]?\d{1,3}(?:,?\d{3})*(?:\.\d+)?(?: ?%)?")
_LONGEST: Final = 2_000
"""A longer text is not compared with anything."""

Term = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence by language, and the pattern of the English one."""

    pattern: re.Pattern[str]
    texts: Mapping[str, str]


def message(texts: Mapping[str, str]) -> Message:
    """A sentence whose places, ``{name}``, take whatever stands there."""
    parts = _PLACE.split(texts["en"])
    pattern = "".join(f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return Message(re.compile(pattern, re.DOTALL), texts)


def read(file: Path) -> tuple[Message, ...]:
    """The messages of a file; none where there is no such file."""
    if not file.is_file():
        return ()
    return tuple(message(one) for one in tomllib.loads(file.read_text(encoding="utf-8"))["messages"])


@functools.cache
def _known() -> tuple[Message, ...]:
    return tuple(one for folder in sorted(_folders()) for one in read(folder / FILE))


def _folders() -> Iterator[Path]:
    for simulator in set(loader.simulators().values()):
        place = sys.modules[simulator.__module__].__file__
        if place:
            yield Path(place).parent


def in_languages(
    text: str, more: Sequence[Message] = (), terms: Mapping[str, Term] | None = None
) -> dict[str, str]:
    """A sentence in every language; English where it is not known.

    ``more``: messages of the platform itself; ``terms``: by name of a place, what says a term in words.
    """
    if len(text) > _LONGEST:
        return dict.fromkeys(LANGUAGES, text)
    if found := _MEMBERS.fullmatch(text):
        inner = in_languages(found["text"], more, terms)
        return {
            one: _IN_MEMBERS[one].format(text=inner[one], n=found["n"], of=found["of"]) for one in LANGUAGES
        }
    for known in (*more, *_known()):
        if match := known.pattern.fullmatch(text):
            return {one: _filled(known, match, one, terms or {}) for one in LANGUAGES}
    return dict.fromkeys(LANGUAGES, text)


def _filled(known: Message, match: re.Match[str], language: str, terms: Mapping[str, Term]) -> str:
    places = {
        name: terms[name](value)[language] if name in terms else _written(value, language)
        for name, value in match.groupdict().items()
    }
    return known.texts.get(language, known.texts["en"]).format(**places)


def _written(value: str, language: str) -> str:
    """A figure with the signs of the language; whatever is no figure stays as it is."""
    if _NUMBER.fullmatch(value) is None:
        return value
    written = as_written(value, language)
    return written if language == "en" else written.replace(" %", "%").replace("%", "\u00a0%")
