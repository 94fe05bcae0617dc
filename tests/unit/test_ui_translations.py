"""The interface speaks three languages completely: the same keys, the same placeholders, nothing left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui" / "src"
LANGUAGES = ("it", "de", "en")
WORDS = {
    language: json.loads((UI / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
SAME_IN_ALL = re.compile(r"^[\W\d]*(\{\w+\}[\W\d]*)*$")
"""Texts that are placeholders and signs only need no translation."""


def sources() -> str:
    """All of the interface's code in one text."""
    files = [path for path in UI.rglob("*") if path.suffix in {".ts", ".svelte"}]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_the_same(language: str) -> None:
    assert WORDS[language].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same(language: str) -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", text))

    for key, text in WORDS[language].items():
        assert text.strip(), key
        assert placeholders(text) == placeholders(WORDS["en"][key]), key


def test_texts_are_really_translated() -> None:
    """A few words are the same in two languages; most are not."""
    texts = {key: text for key, text in WORDS["en"].items() if not SAME_IN_ALL.match(text)}
    for language in ("it", "de"):
        same = [key for key, text in texts.items() if WORDS[language][key] == text]
        assert len(same) <= 0.06 * len(texts), same


def test_every_key_is_used_and_every_used_key_exists() -> None:
    code = sources()
    asked = set(re.findall(r"\bt\('(\w+)'", code))
    assert asked <= WORDS["en"].keys()
    unused = [key for key in WORDS["en"] if f"'{key}'" not in code]
    assert not unused
