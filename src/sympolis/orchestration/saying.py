"""Warnings and notes of runs in every language: those of models, and the platform's own about what stands in."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sympolis.orchestration.in_words import attribute_in_words, type_in_words
from sympolis.plugins import messages

_TERMS: Final = {"used": attribute_in_words, "name": attribute_in_words, "type": type_in_words}


@functools.cache
def _own() -> tuple[messages.Message, ...]:
    return messages.read(Path(__file__).with_name(messages.FILE))


@functools.lru_cache(maxsize=4_096)
def _said(text: str) -> dict[str, str]:
    return messages.in_languages(text, _own(), _TERMS)


def texts(said: Iterable[str]) -> list[dict[str, str]]:
    """Each sentence by language, in order."""
    return [dict(_said(one)) for one in said]
