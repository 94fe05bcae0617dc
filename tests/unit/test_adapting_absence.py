"""Needs that a model can do without: found empty they are named with what that costs; optional details only named."""

from __future__ import annotations

from sympolis.orchestration.adapting import absent, unused


def test_what_is_absent_is_named_with_its_cost() -> None:
    cost = {"it": "manca l'ombra", "de": "Schatten fehlt", "en": "no shade"}
    found = absent("trees", "Coverage", ["publicTrees"], cost)
    assert (found.kind, found.need, dict(found.consequence)) == ("absent", "trees", cost)
    assert "öffentliche Bäume (Rasterkarten)" in found.text["de"]
    assert found.days is None, "data that nobody has yet have to be found first"


def test_without_a_stated_cost_the_answer_is_still_called_weaker() -> None:
    assert (
        absent("x", "Road", [], {}).consequence["de"] == "das Ergebnis ist schwächer, wo diese Daten zählen"
    )


def test_an_optional_detail_costs_nothing() -> None:
    found = unused("surface", "Coverage", ["albedo"], "uncertainty")
    assert (found.kind, found.attribute) == ("without", "uncertainty")
    assert found.text["it"] == "senza «incertezza»: albedo (carte a celle)"
