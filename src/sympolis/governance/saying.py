"""Figures in a sentence stand as its language writes them: ``4,8`` in Italian and German, ``4.8`` in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any, Final

_COMMA: Final = frozenset(("it", "de"))


class _WithComma(Formatter):
    """Formats as ``str.format`` does; figures with a decimal comma."""

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(super().format_field(value, format_spec))
        return re.sub(r"(?<=\d)\.(?=\d)", ",", text) if isinstance(value, float) else text


def said(texts: Mapping[str, str], **words: Any) -> dict[str, str]:
    """The text in every language with its words put in; a word may itself be by language."""
    return {language: _filled(text, language, words) for language, text in texts.items()}


def _filled(text: str, language: str, words: Mapping[str, Any]) -> str:
    chosen = {name: word[language] if isinstance(word, Mapping) else word for name, word in words.items()}
    return _WithComma().format(text, **chosen) if language in _COMMA else text.format(**chosen)
