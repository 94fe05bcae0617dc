"""Words of drafted documents in one language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from sympolis.domain import errors
from sympolis.domain.numerals import as_written
from sympolis.domain.reading import Texts

LANGUAGES = ("it", "de", "en")


@cache
def _words() -> Mapping[str, Texts]:
    text = resources.files(__package__ or "").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class Words:
    """Says things in ``language``. Raises ``BadRequestData`` for a language that there is not."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise errors.BadRequestData("is none of: " + ", ".join(LANGUAGES), where="lang")
        self.language = language

    def __call__(self, name: str, **values: object) -> str:
        """A phrase of ``words.toml``."""
        return _words()[name][self.language].format(**values)

    def of(self, texts: Texts) -> str:
        """A text in this language, or in the next that has it."""
        return next((texts[one] for one in (self.language, "en", *texts) if texts.get(one)), "")

    def number(self, value: float | None, form: str = "g") -> str:
        """A number in Python's ``form``, with this language's signs; a dash where there is none."""
        return "–" if value is None else as_written(format(value, form), self.language)

    def yes(self, holds: bool) -> str:
        """Yes or no."""
        return self("yes" if holds else "no")
