"""The interface speaks three languages completely: the same keys, the same placeholders, nothing left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sympolis.api.errors import TABLE
from sympolis.domain.unit_words import unit_in_words
from sympolis.governance.roles.table import default_table
from sympolis.plugins import loader

UI = Path(__file__).parents[2] / "ui" / "src"
LANGUAGES = ("it", "de", "en")
FOLDERS = [UI / "i18n", *sorted(path for at in ("pages", "components") for path in UI.glob(f"{at}/*/words"))]
"""The shell's words, and those that each page or larger component keeps for itself."""
NAMES = [path.parent.name if path.name == "words" else "shell" for path in FOLDERS]


FORMS = {"it": {"one", "other"}, "de": {"one", "other"}, "en": {"one", "other"}}
"""CLDR's plural forms of each language, without Italian's for whole millions: written in digits, "other" serves."""


def words_of(folder: Path, language: str) -> dict[str, str | dict[str, str]]:
    """The texts of one folder in one language, by key; a text that counts has its plural forms."""
    return dict(json.loads((folder / f"{language}.json").read_text(encoding="utf-8")))


def forms_of(text: str | dict[str, str]) -> dict[str, str]:
    """Every form of a text; one that does not count has only ``other``."""
    return {"other": text} if isinstance(text, str) else text


def counting_keys(folder: Path, language: str) -> set[str]:
    """The keys of the texts that have plural forms."""
    return {key for key, text in words_of(folder, language).items() if isinstance(text, dict)}


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
        wanted = placeholders(forms_of(english[key])["other"])
        for form, written in forms_of(text).items():
            assert written.strip(), key
            may_be_a_word = ["n"] if form == "one" and "n" not in placeholders(written) else []  # "one more"
            assert sorted(placeholders(written) + may_be_a_word) == wanted, (key, form)


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_counts_has_every_form_of_its_language(folder: Path, language: str) -> None:
    assert counting_keys(folder, language) == counting_keys(folder, "en")
    for key in counting_keys(folder, language):
        forms = forms_of(words_of(folder, language)[key])
        assert forms.keys() == FORMS[language], key
        assert "{n}" in forms["other"], key


ONE_BEFORE_A_PLURAL = re.compile(
    r"\{n\} (righe|luoghi|contributi|commenti|giorni|Zeilen|Orte|Beiträge|Kommentare|Tage\b|rows|places|days|comments)"
)


def test_no_count_stands_before_a_plural_that_one_thing_would_contradict() -> None:
    """ "1 rows" and "row(s)" are nobody's language: where a number stands before its noun, there are forms."""
    for folder in FOLDERS:
        for language in LANGUAGES:
            plain = {key: text for key, text in words_of(folder, language).items() if isinstance(text, str)}
            assert not {key for key, text in plain.items() if ONE_BEFORE_A_PLURAL.search(text)}
            assert not {key for key, text in plain.items() if re.search(r"\w\((s|en|n|i|e|er)\)", text)}


BEFORE_A_TITLE = re.compile(r"\b(di|da|a|su|con|von|vom|an|auf|mit|bei|of|from|to|on|with) \{city\}")
"""A city is named after the preposition ("di Bologna"); the title of a twin would need an article there."""


def test_no_title_of_a_partner_stands_where_it_would_need_an_article() -> None:
    """Partners are called by titles such as "Gemello digitale di Lipsia": after a colon, in quotes or first."""
    federation = next(folder for folder in FOLDERS if folder.parent.name == "federation")
    for language in LANGUAGES:
        texts = {key: forms_of(text) for key, text in words_of(federation, language).items()}
        assert not {key for key, forms in texts.items() if any(map(BEFORE_A_TITLE.search, forms.values()))}


UNITS = re.compile(r"^  '?([^':\n]+)'?: '(\w+)',$", re.MULTILINE)


def test_units_have_the_same_words_in_the_interface_and_in_documents() -> None:
    code = (UI / "i18n" / "index.ts").read_text(encoding="utf-8")
    units = dict(UNITS.findall(code[code.index("const UNITS") : code.index("const RAISED")]))
    assert {"veh/h", "person·h/d", "of 100", "kinds"} <= units.keys()
    for language in LANGUAGES:
        texts = words_of(UI / "i18n", language)
        differing = {one for one, key in units.items() if unit_in_words(one, language) != texts[key]}
        assert differing == set()


def test_units_of_the_models_that_are_words_are_in_every_language() -> None:
    """A symbol is the same everywhere; a word of English letters that no table knows would be read in English."""
    specs = [spec for one in set(loader.simulators().values()) for spec in (*one.fields, *one.indicators)]
    wordy = {spec.unit for spec in specs if re.search(r"[a-z]{4}|veh|of ", spec.unit)}
    assert {"of 100", "kinds", "person·h/d"} <= wordy
    assert {unit for unit in wordy if unit_in_words(unit, "de") == unit} == set()


def test_units_of_area_are_raised_in_documents_too() -> None:
    assert unit_in_words("EUR/m2", "de") == "EUR/m²" and unit_in_words("C62", "it") == "C62"


def test_texts_are_really_translated() -> None:
    """A few words are the same in two languages; most are not."""
    for language in ("it", "de"):
        texts, same = 0, []
        for folder in FOLDERS:
            theirs = words_of(folder, language)
            english = {
                key: text
                for key, text in words_of(folder, "en").items()
                if not SAME_IN_ALL.match(forms_of(text)["other"])
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


def test_every_kind_of_error_has_a_sentence() -> None:
    """A refusal of any kind in the one table is told in the reader's language, by its kind or else by its status."""
    code = (UI / "i18n" / "refusals.ts").read_text(encoding="utf-8")
    told = dict(re.findall(r"^  (\w+): '(\w+)',$", code, re.MULTILINE))
    assert set(told.values()) <= words_of(UI / "i18n", "en").keys()
    for kind, row in TABLE.items():
        assert kind.__name__ in told or str(row.status) in told, kind


def test_every_right_is_explained() -> None:
    """The table of roles says what each right means in the reader's language."""
    for language in LANGUAGES:
        assert (
            default_table().rights.keys() <= words_of(UI / "pages" / "governance" / "words", language).keys()
        )
