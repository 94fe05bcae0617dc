"""Everything that the gate says to a sender is said in the sender's language: its own code is read for phrases."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sympolis.acquisition
from sympolis.acquisition.phrases import known, phrase
from sympolis.acquisition.quality import Reason
from sympolis.acquisition.remarks import remark
from sympolis.acquisition.times import as_written

FOLDER = Path(sympolis.acquisition.__file__).parent
SAID_BY = ("values", "quality", "geometry", "translate", "gate", "joins", "sameness", "ingest", "pushed")
FREE = {"JSON", "X", "X, X is outside the cityX", "X is X what is plausible"}
"""Words that are the same in every language, and two phrases that are known in both of their forms."""


def said() -> Iterator[tuple[str, str]]:
    """The texts of ``Unfit(rule, text, text)`` and ``Reason(field, rule, text, text)``, X for what differs."""
    for name in SAID_BY:
        tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = {"Unfit": 1, "Reason": 2}.get(node.func.id)
                for argument in node.args[first : None if first is None else first + 2] if first else ():
                    text = plain(argument)
                    if text is not None and text not in FREE:
                        yield name, text


def plain(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return None


def test_there_is_something_to_read() -> None:
    assert len(list(said())) > 50


@pytest.mark.parametrize(("module", "text"), sorted(set(said())))
def test_every_phrase_is_known(module: str, text: str) -> None:
    assert known(text) is not None, f"{module} says {text!r}: add it to acquisition/phrases.py"


@pytest.mark.parametrize(
    ("reason", "language", "text"),
    [
        (
            Reason("a", "type", "'1.2.3' is not a number", "number with decimal sign ','"),
            "de",
            "Der Wert ist nicht von der erwarteten Art. Erwartet: eine Zahl mit ',' als Dezimalzeichen. "
            "Gefunden: '1.2.3'.",
        ),
        (
            Reason("a", "required", "is empty", "a value"),
            "it",
            "Manca un valore necessario. Atteso: un valore. Trovato: niente.",
        ),
        (
            Reason("a", "range", "-3 is below what is plausible", "0 to 10"),
            "de",
            "Der Wert ist nicht plausibel. Erwartet: 0 bis 10. Gefunden: -3.",
        ),
        (
            Reason("a", "geometry", "45, 11 is outside the city; latitude and longitude look swapped", "within [1]"),
            "it",
            "Il luogo manca, non è valido o è fuori dalla città. Atteso: entro [1]. Trovato: 45, 11, fuori dalla "
            "città; latitudine e longitudine sembrano scambiate.",
        ),
        (
            Reason("a", "code", "'x' is not in the code list", "text, number"),
            "de",
            "Der Wert steht nicht in der Schlüsselliste. Erwartet: text, number. Gefunden: 'x'.",
        ),
    ],
)  # fmt: skip
def test_a_remark_has_no_words_of_another_language(reason: Reason, language: str, text: str) -> None:
    assert remark(reason, language).text == text


def test_what_nobody_wrote_down_stays_as_it_is() -> None:
    assert phrase("the wheel fell off", "de") == "the wheel fell off"
    assert phrase("is empty", "en") == "is empty"


@pytest.mark.parametrize("form", ["iso", "unix", "year-end", "%d/%m/%Y", "%Y-%m-%d %H:%M"])
def test_a_time_is_asked_for_by_an_example(form: str) -> None:
    assert "%" not in as_written(form)
    assert known(as_written(form)) is not None


def test_a_date_that_does_not_exist_is_told_without_the_mapping_s_words() -> None:
    reason = Reason("giorno", "time", "'31/31/2023' is not a time: no such month", as_written("%d/%m/%Y"))
    assert remark(reason, "de").text.endswith("Erwartet: wie 31/03/2024. Gefunden: '31/31/2023'.")
