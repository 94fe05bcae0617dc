"""The words of the map, kept beside the code in three languages; codes of rules and risks are put in words here."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from sympolis.assessment.ecosystem.model import LANGUAGES, Texts

_PARTED: Final = ":"


@cache
def words() -> dict[str, Any]:
    """The whole table of ``words.toml``."""
    text = resources.files(__package__ or "").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def filled(section: str, name: str, **values: object) -> Texts:
    """A text in every language, with these values in it; a value may itself be by language."""
    texts: Texts = words()[section][name]
    return {language: texts[language].format(**_in(language, values)) for language in LANGUAGES}


def hint_texts(name: str, **values: object) -> tuple[Texts, Texts]:
    """What a hint says, and what to do about it."""
    told = words()["hints"][name]
    return (
        {language: told["text"][language].format(**_in(language, values)) for language in LANGUAGES},
        dict(told["todo"]),
    )


def spelled(code: str) -> Texts:
    """A code of a rule or a risk in words; what people wrote stays as it is."""
    name, _, value = code.partition(_PARTED)
    texts = words()["codes"].get(name)
    if texts is None:
        return dict.fromkeys(LANGUAGES, code)
    return {language: texts[language].format(value=value) for language in LANGUAGES}


def _in(language: str, values: dict[str, object]) -> dict[str, object]:
    return {
        name: one.get(language, one.get("en", "")) if isinstance(one, dict) else one
        for name, one in values.items()
    }
