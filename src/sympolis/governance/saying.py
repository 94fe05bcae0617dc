"""Figures in a sentence stand as its language writes them: ``4,8`` in Italian and German, ``4.8`` in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.domain.numerals import Writing


def said(texts: Mapping[str, str], **words: Any) -> dict[str, str]:
    """The text in every language with its words put in; a word may itself be by language."""
    return {language: _filled(text, language, words) for language, text in texts.items()}


def _filled(text: str, language: str, words: Mapping[str, Any]) -> str:
    chosen = {name: word[language] if isinstance(word, Mapping) else word for name, word in words.items()}
    return Writing(language).format(text, **chosen)
