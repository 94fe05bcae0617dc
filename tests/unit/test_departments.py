"""Two departments look at one change: what is better or worse to each, and where they disagree."""

from typing import Any

from sympolis.analysis.departments import side_by_side

YOUTH = ("youth", {"en": "Youth office", "de": "Jugendamt"}, ("covered", "cost"))
PLANNING = ("planning", {"en": "Planning office"}, ("minutes", "cost"))


def changed(name: str, verdict: str) -> dict[str, Any]:
    return {"name": name, "title": {"en": name.title()}, "verdict": verdict}


def test_each_sees_its_own_figures_in_its_own_order() -> None:
    found = side_by_side(
        [changed("minutes", "likely worse"), changed("covered", "likely better")], [YOUTH, PLANNING]
    )
    youth, planning = found["departments"]
    assert [one["name"] for one in youth["indicators"]] == ["covered"]
    assert (youth["better"], youth["worse"]) == (["covered"], [])
    assert (planning["better"], planning["worse"]) == ([], ["minutes"])


def test_one_s_gain_at_another_s_cost_is_a_conflict_said_in_words() -> None:
    changes = [changed("covered", "likely better"), changed("minutes", "likely worse")]
    [conflict] = side_by_side(changes, [YOUTH, PLANNING])["conflicts"]
    assert (conflict["gaining"], conflict["losing"]) == ("youth", "planning")
    assert conflict["text"]["en"] == "Youth office: better Covered. Planning office: worse Minutes."
    assert conflict["text"]["de"].startswith("Jugendamt: besser")
    assert conflict["text"]["it"].startswith("Youth office: meglio")


def test_a_figure_that_both_care_for_is_no_conflict_between_them() -> None:
    assert side_by_side([changed("cost", "likely worse")], [YOUTH, PLANNING])["conflicts"] == []


def test_what_is_not_clear_is_neither_gain_nor_loss() -> None:
    changes = [changed("covered", "likely better"), changed("minutes", "no clear change")]
    assert side_by_side(changes, [YOUTH, PLANNING])["conflicts"] == []
