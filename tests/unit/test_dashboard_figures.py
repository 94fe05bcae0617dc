"""Figures of dashboards: intervals, products, differences, ranks, paths; and what a declaration may not say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sympolis.analysis.dashboards import figures
from sympolis.analysis.dashboards.figures import Found
from sympolis.analysis.dashboards.plan import (
    DashboardPlan,
    Doubt,
    FigurePlan,
    ModelOf,
    Official,
    PathPoint,
    ProductOf,
    TilePlan,
    TrendPlan,
    ValueOf,
    mistakes,
)
from sympolis.orchestration import dashboard_documents

TEXT = {"en": "text"}


def value(name: str, **more: Any) -> FigurePlan:
    bound = ValueOf(entity_type="Carrier", entity="sun", attribute="capacity")
    return FigurePlan(id=name, title=TEXT, unit="MW", value=bound, **more)


def product(name: str, of: str, factor: float, **more: Any) -> FigurePlan:
    by = ProductOf(figure=of, factor=factor, text=TEXT, source=TEXT, **more)
    return FigurePlan(id=name, title=TEXT, unit="GWh", scale=0.001, product=by)


def plan(*found: FigurePlan, **more: Any) -> DashboardPlan:
    tiles = more.pop("tiles", ())
    return DashboardPlan(
        id="d", title=TEXT, question=TEXT, key_date=date(2024, 12, 31), figures=found, tiles=tiles, **more
    )


def test_a_product_carries_the_interval_of_both_its_factors() -> None:
    made = plan(product("energy", "power", 1000, low=900, high=1100), value("power"))
    found = figures.settled(made, {"power": Found(10.0, 8.0, 12.0)})["energy"]
    assert (found.value, found.low, found.high) == pytest.approx((10.0, 7.2, 13.2))


def test_a_product_of_something_sure_by_something_sure_has_no_interval() -> None:
    found = figures.settled(plan(value("power"), product("energy", "power", 1000)), {"power": Found(10.0)})
    assert (found["energy"].value, found["energy"].low) == (10.0, None)


def test_a_product_of_what_is_not_known_is_not_known() -> None:
    found = figures.settled(plan(value("power"), product("energy", "power", 1000, low=1, high=2)), {})
    assert (found["energy"].value, found["energy"].high) == (None, None)


def test_products_of_one_another_are_of_nothing() -> None:
    made = plan(product("a", "b", 2), product("b", "a", 2))
    assert {one.value for one in figures.settled(made, {}).values()} == {None}


def test_where_sources_contradict_the_interval_reaches_from_one_to_the_other() -> None:
    doubted = value(
        "power", official=Official(value=20.8, source="city"), doubt=Doubt(official=True, text=TEXT)
    )
    found = figures.settled(plan(doubted), {"power": Found(43.8)})["power"]
    assert (found.low, found.high, found.basis) == (20.8, 43.8, TEXT)


def test_an_interval_of_a_model_stands_whatever_is_declared() -> None:
    doubted = value("power", doubt=Doubt(percent=50, text=TEXT))
    found = figures.settled(plan(doubted), {"power": Found(10.0, 9.0, 11.0)})["power"]
    assert (found.low, found.high) == (9.0, 11.0)


def test_a_large_difference_is_a_finding_with_its_reason() -> None:
    wind = value("wind", official=Official(value=20.8, source="city"), why={"en": "nobody knows"})
    sun = value("sun", official=Official(value=182.25, source="city"))
    made = plan(wind, sun)
    found = figures.settled(made, {"wind": Found(43.7707), "sun": Found(185.1777)})
    document = dashboard_documents.dashboard(made, made.key_date, found, [])
    assert [(one["figure"], one["text"]) for one in document["findings"]] == [
        ("wind", {"en": "nobody knows"})
    ]
    by_id = {one["id"]: one["official"] for one in document["figures"]}
    assert by_id["wind"]["difference_percent"] == 110.4
    assert (by_id["sun"]["agrees"], by_id["sun"]["difference"]) == (True, pytest.approx(2.928))


def test_what_was_not_found_is_missing_and_what_is_computed_is_said_to_be() -> None:
    made = plan(value("a", official=Official(value=0.0, source="city")), value("b"))
    document = dashboard_documents.dashboard(
        made, made.key_date, figures.settled(made, {"b": Found(working=True)}), []
    )
    assert [one["state"] for one in document["figures"]] == ["missing", "working"]
    assert document["findings"] == []


def test_ranks_count_from_the_top_and_equals_share_theirs() -> None:
    ranked = figures.ranking({"a": 5.0, "b": 1.0, "c": 5.0, "d": 0.0})
    assert [ranked.place(code)["rank"] for code in "abcd"] == [1, 3, 1, 4]
    assert ranked.place("b")["share_below"] == 0.25
    assert ranked.place("x") == {"value": None, "rank": None, "share_below": None}


def test_a_path_of_factors_begins_at_the_figure() -> None:
    points = (PathPoint(year=2030, times=2.0), PathPoint(year=2026, value=7.0))
    assert figures.path(points, 10.0) == [{"year": 2026, "value": 7.0}, {"year": 2030, "value": 20.0}]
    assert figures.path(points, None) == [{"year": 2026, "value": 7.0}]


def test_what_does_not_fit_together_is_found() -> None:
    made = plan(
        FigurePlan(id="nothing", title=TEXT, unit=""),
        product("lost", "unknown", 1.0, low=1.0),
        value("twice"),
        value("twice", doubt=Doubt(figure="nowhere", text=TEXT)),
        tiles=(TilePlan(id="t", title=TEXT, chart="kpi", figures=("absent",)),),
        trends=(TrendPlan(id="x", figure="lost"),),
    )
    assert [where for where, _ in mistakes(made)] == [
        "figures.nothing", "figures.lost", "figures.lost", "figures.twice", "figures", "tiles.t", "trends.x",
    ]  # fmt: skip


def carried(**more: Any) -> FigurePlan:
    bound = ModelOf(model="yield", indicator="pv", scales_with="power")
    return FigurePlan(id="yield", title=TEXT, unit="GWh", model=bound, **more)


def test_a_models_figure_is_carried_to_an_earlier_date_by_what_it_is_in_proportion_to() -> None:
    read = {"power": Found(6.0, latest=9.0), "yield": Found(90.0, 81.0, 99.0, 0.9)}
    found = figures.settled(plan(carried(), value("power")), read, date(2022, 6, 30))["yield"]
    assert (found.value, found.low, found.high) == pytest.approx((60.0, 54.0, 66.0))
    assert "proportion" in found.basis["en"]


def test_where_that_is_not_known_neither_is_the_models_figure() -> None:
    read = {"power": Found(latest=9.0, undated=True), "yield": Found(90.0, 81.0, 99.0)}
    made = plan(carried(), value("power"), product("energy", "power", 1000))
    found = figures.settled(made, read, date(2019, 1, 1))
    assert [found[name].value for name in ("power", "yield", "energy")] == [None, None, None]
    shown = dashboard_documents.dashboard(made, date(2019, 1, 1), found, [])
    assert {(one["state"], one["reason"]["de"]) for one in shown["figures"]} == {
        ("missing", "für diesen Stichtag nicht bekannt: Die Daten haben keine Geschichte")
    }


def test_on_the_newest_value_nothing_is_carried() -> None:
    read = {"power": Found(9.0, latest=9.0), "yield": Found(90.0, 81.0, 99.0, 0.9, basis=TEXT)}
    assert figures.settled(plan(carried(), value("power")), read)["yield"] == read["yield"]


def test_an_earlier_date_is_not_held_against_what_is_published_for_another() -> None:
    made = plan(
        value("power", official=Official(value=9.0, source="s"), doubt=Doubt(official=True, text=TEXT))
    )
    read = {"power": Found(6.0, latest=9.0)}
    found = figures.settled(made, read, date(2022, 6, 30))
    assert found["power"].high is None
    [shown] = dashboard_documents.dashboard(made, date(2022, 6, 30), found, [])["figures"]
    assert shown["official"] is None


def test_what_a_model_is_in_proportion_to_must_be_there() -> None:
    assert mistakes(plan(carried())) == [("figures.yield", "there is no other figure 'power'")]
