"""A run's report in words: a number of things has no unit, and nothing is called a change where nothing changed."""

from __future__ import annotations

from typing import Any

from sympolis.decision.account import run_account


def _children() -> dict[str, Any]:
    """A forecast by itself: the number of children, and by how much per cent it differs from the last one known."""
    spread = {"low": 21_400.0, "high": 29_800.0}
    return {
        "id": "run-1", "scenario": "baseline", "scenario_version": 1, "scenario_title": {"en": "As it is"},
        "scenario_now": None, "model": "children", "model_version": "1.0.0", "members": 8, "seed": 1,
        "mode": "interactive", "data_version": "d1", "parameters": {"fixed": {}, "sampled": {}}, "calibration": None,
        "results_sha256": "0", "warnings": [],
        "indicators": [
            {"title": {"en": "Children"}, "unit": "1", "decimals": 0, "value": 25_600.0, "interval": spread},
            {"title": {"en": "Change"}, "unit": "%", "decimals": 0, "value": -14.0, "interval": None},
        ],
    }  # fmt: skip


def test_a_number_of_children_has_no_unit_and_a_share_keeps_its_own() -> None:
    text = repr(run_account(_children(), None, [], "en").blocks)
    assert "29\\xa0800)'" in text
    assert "−14 %" in text


def test_a_run_by_itself_is_not_called_a_change() -> None:
    text = repr(run_account(_children(), None, [], "en").blocks)
    assert "What comes of it" in text and "What would change" not in text


def test_points_have_a_word_in_each_language() -> None:
    run = _children()
    run["indicators"][1]["unit"] = "pp"
    said = {language: repr(run_account(run, None, [], language).blocks) for language in ("it", "de", "en")}
    assert "−14 punti percentuali" in said["it"]
    assert "−14 Prozentpunkte" in said["de"]
    assert "−14 percentage points" in said["en"]


def test_a_change_that_is_called_clear_is_seen() -> None:
    figure = {
        "title": {"en": "Homes"}, "unit": "1", "decimals": 0, "base": {"value": 9.0}, "with": {"value": 8.7},
        "change": {"value": -0.3, "interval": {"low": -0.4, "high": -0.2}}, "verdict": "likely better",
    }  # fmt: skip
    unclear = {**figure, "title": {"en": "Shops"}, "verdict": "no clear change"}
    run = _children()
    comparison = {"with": run["id"], "text": {"en": ""}, "indicators": [figure, unclear], "equity": []}
    text = repr(run_account(run, comparison, [], "en").blocks)
    assert "'Homes', '9', '9', '−0.3 (−0.4 … −0.2)'" in text
    assert "'Shops', '9', '9', '0 (0 … 0)'" in text
