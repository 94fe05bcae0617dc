"""The interface speaks three languages completely: the same keys, the same placeholders, nothing left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui" / "src"
LANGUAGES = ("it", "de", "en")
FOLDERS = [UI / "i18n", *sorted(path for at in ("pages", "components") for path in UI.glob(f"{at}/*/words"))]
"""The shell's words, and those that each page or larger component keeps for itself."""
NAMES = [path.parent.name if path.name == "words" else "shell" for path in FOLDERS]


def words_of(folder: Path, language: str) -> dict[str, str]:
    """The texts of one folder in one language, by key."""
    return dict(json.loads((folder / f"{language}.json").read_text(encoding="utf-8")))


SAME_IN_ALL = re.compile(r"^[\W\d]*(\{\w+\}[\W\d]*)*$")
"""Texts that are placeholders and signs only need no translation."""


def sources(folder: Path) -> str:
    """The code that uses a folder's words, in one text: all of it for the shell, the page's for a page."""
    root = folder.parent if folder.name == "words" else UI
    files = [path for path in root.rglob("*") if path.suffix in {".ts", ".svelte"}]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def known_keys(folder: Path) -> set[str]:
    """What the code of a folder may ask for: its own words and, for a page, the shell's."""
    return words_of(folder, "en").keys() | words_of(UI / "i18n", "en").keys()


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_the_same(folder: Path, language: str) -> None:
    assert words_of(folder, language).keys() == words_of(folder, "en").keys()


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same(folder: Path, language: str) -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", text))

    english = words_of(folder, "en")
    for key, text in words_of(folder, language).items():
        assert text.strip(), key
        assert placeholders(text) == placeholders(english[key]), key


def test_texts_are_really_translated() -> None:
    """A few words are the same in two languages; most are not."""
    for language in ("it", "de"):
        texts, same = 0, []
        for folder in FOLDERS:
            theirs = words_of(folder, language)
            english = {
                key: text for key, text in words_of(folder, "en").items() if not SAME_IN_ALL.match(text)
            }
            texts += len(english)
            same += [key for key, text in english.items() if theirs[key] == text]
        assert len(same) <= 0.06 * texts, same


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_every_key_is_used_and_every_used_key_exists(folder: Path) -> None:
    code = sources(folder)
    if folder.name == "words":
        assert set(re.findall(r"\bt\('(\w+)'", code)) <= known_keys(folder)
    unused = [key for key in words_of(folder, "en") if f"'{key}'" not in code]
    assert not unused


def test_the_rest_of_the_code_asks_for_words_of_the_shell() -> None:
    own = {folder.parent for folder in FOLDERS if folder.name == "words"}
    files = [path for path in UI.rglob("*") if path.suffix in {".ts", ".svelte"}]
    shared = [path for path in files if not own.intersection(path.parents)]
    asked = {key for path in shared for key in re.findall(r"\bt\('(\w+)'", path.read_text(encoding="utf-8"))}
    assert asked <= words_of(UI / "i18n", "en").keys()
