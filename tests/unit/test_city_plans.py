"""Plans: mistakes in a declaration, zones of an ensemble, figures against targets, measures, tables, the report."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sympolis.decision.printing import Table
from sympolis.domain import errors
from sympolis.orchestration.planning import documents, report, tables
from sympolis.orchestration.planning.measures import read
from sympolis.orchestration.planning.plan import (
    ExplainedBy,
    GapPlan,
    LevelPlan,
    MeasurePlan,
    MilestonePlan,
    MonitorPlan,
    Plan,
    StepPlan,
    TargetPlan,
    ZonesPlan,
    complaints,
)
from sympolis.orchestration.planning.zones import zoned

TEXT = {"en": "text", "de": "Text"}
TARGET = TargetPlan(
    id="aim", title=TEXT, step="count", indicator="heat", year=2038, value=100.0, unit="GWh/a", source="city"
)
EXPLAINED = replace(TARGET, explained_by=(ExplainedBy(step="count", indicators=("heat",)),))
WAY = MilestonePlan(
    id="way",
    title=TEXT,
    unit="GWh/a",
    step="count",
    indicator="heat",
    today=40.0,
    today_low=30.0,
    today_high=50.0,
)
GAS = MilestonePlan(id="gas", title=TEXT, unit="1", missing=TEXT)
ZONES = ZonesPlan(
    step="count", field="network", weight="heat",
    levels=(LevelPlan(id="yes", title=TEXT, at_least=80.0), LevelPlan(id="open", title=TEXT, at_least=20.0),
            LevelPlan(id="no", title=TEXT, at_least=0.0)),
)  # fmt: skip
PLAN = Plan(
    id="heat", title=TEXT, law="Law", responsible="City", target_year=2038,
    steps=(StepPlan(id="count", clause="§ 15", title=TEXT, service="stock"),
           StepPlan(id="words", clause="§ 20", title=TEXT, text=TEXT)),
    targets=(TARGET,), zones=ZONES, years=(2024, 2031, 2038, 2045), milestones=(WAY, GAS),
    measures=(MeasurePlan(id="build", title=TEXT, responsible="Utility", start=2026, end=2030, indicator="watch"),),
    monitoring=(MonitorPlan(id="watch", title=TEXT, unit="GWh/a", target="aim"),),
    gaps=(GapPlan(id="lines", step="count", title=TEXT),),
)  # fmt: skip
NEW = {"id": "loop", "title": {"en": "Loop"}, "responsible": "Utility", "start": 2027, "end": 2030}


def messages(plan: Plan, *services: str) -> list[str]:
    return [f"{field}: {message}" for field, message, _ in complaints(plan, services or ("stock",))]


def test_a_sound_plan_has_no_mistakes() -> None:
    assert messages(PLAN) == []


def test_what_a_plan_names_must_be_there() -> None:
    wrong = replace(
        PLAN,
        targets=(replace(TARGET, step="words"), replace(TARGET, id="other", step="nowhere")),
        gaps=(GapPlan(id="lines", step="nowhere", title=TEXT),),
        monitoring=(MonitorPlan(id="watch", title=TEXT, unit="1", target="gone"),),
        measures=(
            MeasurePlan(id="a", title=TEXT, responsible="x", start=2030, end=2026),
            MeasurePlan(id="a", title=TEXT, responsible="x", start=2026, end=2030, indicator="gone"),
        ),
    )
    assert messages(wrong, "other") == [
        "steps.count.service: there is no service 'stock'",
        "targets.aim.step: no service answers the step 'words'",
        "targets.other.step: there is no step 'nowhere'",
        "gaps.lines.step: there is no step 'nowhere'",
        "measures: 'a' stands there twice",
        "monitoring.watch.target: there is no target 'gone'",
        "measures.a: it ends before it starts",
        "measures.a.indicator: nothing watches 'gone'",
    ]


def test_a_plan_is_due_five_years_after_it_was_adopted() -> None:
    assert PLAN.next_review is None
    assert replace(PLAN, adopted=date(2026, 6, 30)).next_review == date(2031, 6, 30)
    assert replace(PLAN, adopted=date(2024, 2, 29)).next_review == date(2029, 2, 28)


def _column(*means: float | None) -> dict[str, Any]:
    row = [list(means)]
    return {"mean": row, "low": row, "high": row, "unit": "MWh/a", "title": TEXT, "direction": "neutral"}


RESULTS = {
    "features": ["a", "b", "c", "d"],
    "fields": {
        "network": _column(100.0, 79.9, 0.0, None),
        "heat": _column(10.0, 5.0, 1.0, None),
    },
}


def test_zones_follow_from_the_share_of_the_ensemble() -> None:
    found = zoned(ZONES, "run-1", RESULTS)
    assert found.zone == ("yes", "open", "no", None)
    assert found.totals == {"yes": (1, 10.0), "open": (1, 5.0), "no": (1, 1.0)}


def test_a_target_stands_beside_the_plans_own_figure() -> None:
    interval = {"low": 80.0, "high": 120.0, "level": 0.9}
    figure = {"name": "heat", "value": 90.0, "interval": interval}
    found = documents.target(TARGET, {"count": [figure]})
    assert (found["residual"], found["residual_percent"], found["inside"]) == (-10, -10, True)
    shifted = documents.target(replace(TARGET, offset=50.0), {"count": [figure]})
    assert shifted["ours"]["value"] == 140
    assert (shifted["residual"], shifted["inside"]) == (40, False)
    assert documents.target(TARGET, {})["ours"] is None


def test_what_explains_a_difference_stands_beside_it() -> None:
    figure = {"name": "heat", "value": 90.0, "interval": {"low": 80.0, "high": 120.0, "level": 0.9}}
    [part] = documents.target(EXPLAINED, {"count": [figure]})["explained_by"]
    assert (part["name"], part["step"], part["value"]) == ("heat", "count", 90.0)
    assert documents.target(EXPLAINED, {})["explained_by"] == []


def test_the_way_to_the_target_is_a_straight_line_that_stays_there() -> None:
    figure = {"name": "heat", "value": 100.0, "interval": {"low": 90.0, "high": 130.0, "level": 0.9}}
    drawn = documents.milestone(WAY, PLAN, {"count": [figure]})["values"]
    assert [one["value"] for one in drawn] == [40, 70, 100, 100]
    assert (drawn[1]["low"], drawn[1]["high"]) == (60, 90)
    assert documents.milestone(WAY, PLAN, {})["values"] == [], "the step has not been run"


def test_where_today_is_not_known_the_way_begins_at_the_target() -> None:
    figure = {"name": "heat", "value": 100.0, "interval": {"low": 90.0, "high": 130.0, "level": 0.9}}
    drawn = documents.milestone(replace(WAY, today=None), PLAN, {"count": [figure]})["values"]
    assert [one["value"] for one in drawn] == [None, None, 100, 100]
    assert documents.milestone(GAS, PLAN, {"count": [figure]})["computed"] is False


def test_areas_add_up_their_places() -> None:
    def shape(area: str) -> dict[str, Any]:
        return {"properties": {"area": area, "name": "block"}}

    shapes = {"a": shape("one"), "b": shape("one"), "c": shape("two")}
    rows = tables.areas(zoned(ZONES, "run-1", RESULTS), shapes, "heat", {"one": "One", "two": "Two"})
    assert rows == [
        {
            "id": "one",
            "name": "One",
            "places": 2,
            "places_yes": 1,
            "places_open": 1,
            "places_no": 0,
            "heat": 15.0,
        },
        {
            "id": "two",
            "name": "Two",
            "places": 1,
            "places_yes": 0,
            "places_open": 0,
            "places_no": 1,
            "heat": 1.0,
        },
    ]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": "No Spaces"}, "id"),
        ({"id": 7}, "id"),
        ({"title": {}}, "title"),
        ({"title": {"en": "x" * 301}}, "title"),
        ({"responsible": " "}, "responsible"),
        ({"start": 2031}, "end"),
        ({"start": True}, "start"),
        ({"end": 3000}, "end"),
        ({"cost_meur": -1}, "cost_meur"),
        ({"progress": 101}, "progress"),
        ({"progress": "much"}, "progress"),
        ({"status": "dreamt"}, "status"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_measure_that_cannot_be_is_refused_with_its_member(change: dict[str, Any], where: str) -> None:
    with pytest.raises(errors.BadRequestData) as refused:
        read({**NEW, **change})
    assert refused.value.where == where


def test_a_measure_without_a_cost_has_none() -> None:
    assert read(NEW).cost_meur is None
    assert read({**NEW, "cost_meur": 0}).cost_meur == 0


def _plan() -> dict[str, Any]:
    figure = {
        "name": "heat", "title": TEXT, "value": 4605.9, "unit": "GWh/a",
        "interval": {"low": 3755.2, "high": 0.0312, "level": 0.9},
    }  # fmt: skip
    step = {
        **documents.described(PLAN.steps[0]), "service": "stock", "indicators": [figure], "run": "run-1", "members": 16,
        "seed": 1, "cost_cpu_s": 2.5, "finished_at": "2026-01-01T00:00:00Z", "warnings": ["mind this"],
        "assumptions": [{"model": "m", "name": "p", "title": TEXT, "unit": "1", "value": None, "range": [0.5, 1.0],
                         "source": "guess", "source_texts": {"en": "guess"}}],
    }  # fmt: skip
    found = zoned(ZONES, "run-1", RESULTS)
    return {
        **documents.head(PLAN), "steps": [step, documents.described(PLAN.steps[1])],
        "targets": [documents.target(EXPLAINED, {"count": [figure]})],
        "milestones": [documents.milestone(one, PLAN, {"count": [figure]}) for one in PLAN.milestones],
        "zones": documents.zones(PLAN, found),
        "measures": [{"id": "build", "title": TEXT, "responsible": "Utility", "cost_meur": None, "start": 2026,
                      "end": 2030, "status": "under way", "progress": 25.0, "indicator": "", "source": ""}],
        "monitoring": [documents.monitor(PLAN.monitoring[0], PLAN)], "gaps": [documents.gap(PLAN.gaps[0])],
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de", "it"])
def test_the_report_says_everything_in_every_language(language: str) -> None:
    account = report.account(_plan(), language)
    found = [block for block in account.blocks if isinstance(block, Table)]
    assert (
        len(found) == 9
    )  # the step's figures, targets, what explains one, the way there, zones, measures, monitoring, gaps, assumptions
    assert all(len(row) == len(table.titles) for table in found for row in table.rows)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    def figures(language: str) -> Any:
        blocks = report.account(_plan(), language).blocks
        return next(block for block in blocks if isinstance(block, Table)).rows[0]

    assert figures("en")[1:3] == ("4,606", "3,755 … 0.0312")
    assert figures("de")[1:3] == ("4.606", "3.755 … 0,0312")


def test_every_table_of_a_plan_has_rows() -> None:
    for name, make in tables.OF_A_PLAN.items():
        rows = make(_plan(), "de")
        assert rows and tables.columns(rows), name
    [gap] = tables.gaps(_plan(), "de")
    assert gap["title"] == "Text"
