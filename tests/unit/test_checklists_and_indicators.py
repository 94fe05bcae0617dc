"""Checklists and catalogues of indicators: what they ask, what evidence answers, what the sums are."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sympolis.assessment.checklists import Mark, Said, answered, checklists, find
from sympolis.assessment.desk import AssessmentDesk
from sympolis.assessment.evidence import examine
from sympolis.assessment.evidence.checks import CHECKS
from sympolis.assessment.halfyears import due, later
from sympolis.assessment.indicators import Reported, Rows, catalogues, measured
from sympolis.assessment.indicators.catalogues import by_id
from sympolis.assessment.indicators.counted import FIGURES
from sympolis.assessment.records import Moment
from sympolis.domain import errors
from sympolis.testing.exemplary import SOUND, exemplary

LANGUAGES = {"it", "de", "en"}
FINDINGS = examine(exemplary())


@pytest.mark.parametrize("name", checklists())
def test_a_checklist_names_known_checks_and_groups_and_speaks_each_language(name: str) -> None:
    form = find(name)
    assert {check for one in form.items for check in one.checks} <= set(CHECKS)
    assert {one.group for one in form.items} == set(form.groups)
    assert len({one.id for one in form.items}) == len(form.items)
    texts = [
        form.title, form.note, *form.groups.values(), *(it.title for it in form.bands), *(it.text for it in form.items)
    ]  # fmt: skip
    assert all(set(text) == LANGUAGES and all(text.values()) for text in texts)


def test_eco_design_asks_the_thirty_priority_criteria() -> None:
    assert len(find("ecodesign").items) == 30 == find("ecodesign").answer_at_least


def test_evidence_answers_where_it_can_and_nothing_is_claimed_where_it_cannot() -> None:
    found = answered(find("security"), FINDINGS, {})
    marks = {one.item.id: (one.mark, one.basis) for one in found.marked}
    assert marks["V3-1"] == (Mark.YES, "evidence") and marks["V6-4"] == (Mark.OPEN, "none")
    assert not found.brief()["reached"] and found.count(Mark.NO) == 0


@pytest.mark.parametrize(
    ("change", "item"),
    [
        ({"private_addresses": True}, "V4-2"),
        ({"folder_mode": 0o755}, "V5-1"),
        ({"hosts": ("*",)}, "V4-1"),
        ({"test_mode": True}, "V13-1"),
        ({"mail": "smtp"}, "V12-2"),
    ],
)
def test_a_weak_configuration_is_found_with_the_next_step(change: dict[str, Any], item: str) -> None:
    facts = replace(exemplary(), setup=replace(SOUND, **change))
    [found] = [one for one in answered(find("security"), examine(facts), {}).marked if one.item.id == item]
    assert found.mark is Mark.NO and found.missing[0].todo["de"]


def test_what_a_person_says_takes_the_place_of_evidence_and_what_does_not_apply_is_left_out() -> None:
    said = {
        "V3-1": Said(mark=Mark.NO, reason="The proxy strips them."),
        "V6-4": Said(mark=Mark.SKIPPED, reason="none"),
    }
    found = answered(find("security"), FINDINGS, said)
    by = {one.item.id: one for one in found.marked}
    assert by["V3-1"].mark is Mark.NO and by["V3-1"].basis == "answer" and by["V3-1"].held
    assert found.share == found.count(Mark.YES) / (len(found.marked) - 1)


def test_some_items_need_a_person_although_evidence_proposes() -> None:
    [asked] = [one for one in answered(find("ecodesign"), FINDINGS, {}).marked if one.item.id == "9.1"]
    assert asked.mark is Mark.OPEN and asked.held


@pytest.mark.parametrize("name", catalogues())
def test_a_catalogue_speaks_each_language_and_names_known_figures(name: str) -> None:
    catalogue = catalogues()[name]
    texts = [catalogue.title, *catalogue.groups.values(), *(one.title for one in catalogue.indicators)]
    assert all(set(text) == LANGUAGES and all(text.values()) for text in texts)
    assert {one.figure for one in catalogue.indicators} - {""} <= set(FIGURES)
    assert {one.group for one in catalogue.indicators} == set(catalogue.groups)


def test_u4ssc_has_its_91_indicators_and_no_id_is_there_twice() -> None:
    own = [one.id for one in catalogues()["u4ssc"].indicators if " - " not in one.id]
    assert len(own) == len(set(own)) == 91
    assert len(by_id()) == sum(len(one.indicators) for one in catalogues().values())


CITY = Rows(
    {
        "GreenSpace": [{"area": 30.0}, {"area": 10.0}, {}],
        "StatisticalArea": [
            {"code": "a", "population": 1000, "privateCars": 400, "electricCars": 20},
            {"code": "b", "population": 3000, "privateCars": 600, "electricCars": 30},
        ],
        "PopulationSquare": [
            {"areaCode": "a", "residentShare": 1.0, "place": (12.0, 51.0)},
            {"areaCode": "b", "residentShare": 0.25, "place": (12.0, 51.0040)},
            {"areaCode": "b", "residentShare": 0.75, "place": (12.0, 51.0050)},
            {"areaCode": "nowhere", "residentShare": 1.0, "place": (12.0, 51.0)},
        ],
        "PublicTransportStop": [{"place": (12.0, 51.0)}],
    },
    {("AirQualityObserved", "no2"): 21.5},
)


def value(name: str, rows: Rows | None = CITY, **reported: Reported) -> dict[str, object]:
    return next(one for one in measured(exemplary(), rows, reported) if one["id"] == name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EN: EN: PSN: 1C", 40 * 100_000 / 4000),
        ("EC: I: T: 8A", 5.0),
        ("EC: I: T: 2A", 100 * (1000 + 750) / 4000),
        ("EN: EN: AQ: 1C - NO2", 21.5),
        ("EC: ICT: PS: 1A", 100.0),
        ("L1801.training", 0.01),
        ("L1801.inference", 0.001),
        ("OP1.instances", 2),
    ],
)
def test_what_can_be_counted_is(name: str, expected: float) -> None:
    found = value(name)
    assert found["value"] == pytest.approx(expected) and found["basis"] == "counted"


def test_within_500_metres_means_so_on_the_ground() -> None:
    """0.0040 degrees of latitude are 445 m, 0.0050 are 556 m."""
    assert value("EC: I: T: 2A")["sums"] == {"served": 1750.0, "people": 4000.0}


@pytest.mark.parametrize("name", ["EN: EN: PSN: 1C", "EC: I: T: 2A", "EN: EN: AQ: 1C - NO2", "SC: EH: H: 1C"])
def test_what_is_not_there_is_not_claimed(name: str) -> None:
    found = value(name, Rows())
    assert found["value"] is None and found["basis"] == "none"


def test_a_reported_value_stands_beside_what_the_twin_counts() -> None:
    said = {"OP1.sectors": Reported(value=7.0, period="2026", by="planner")}
    [found] = [one for one in measured(exemplary(), None, said) if one["id"] == "OP1.sectors"]
    assert (found["value"], found["counted"], found["basis"]) == (7.0, 2, "reported")


def test_datasets_that_carry_data_for_an_indicator_are_named() -> None:
    assert [one["id"] for one in value("EC: ICT: T: 2C")["datasets"]] == ["traffic", "air"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 15), date(2026, 7, 15)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 6, 1), date(2027, 12, 1)),
    ],
)
def test_six_months_later(day: date, expected: date) -> None:
    assert later(day) == expected


def test_snapshots_fall_due_every_six_months_until_the_final_one(tmp_path: Path) -> None:
    at = [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    desk = AssessmentDesk(tmp_path, now=lambda: at[0])
    assert desk.snapshot_due()["moment"] == "baseline"
    asyncio.run(desk.say("ecodesign", "8.3", Said(mark=Mark.YES, reason="PUE 1.2")))
    made = asyncio.run(desk.keep_snapshot(Moment.BASELINE, exemplary(), by="planner", rows=CITY))
    assert made.checklists["ecodesign"]["8.3"] == "yes" and made.indicators["EC: I: T: 8A"] == 5.0
    assert desk.snapshot_due() == {"moment": "interim", "due": "2026-09-02", "overdue": False}
    at[0] += timedelta(days=200)
    assert desk.snapshot_due()["overdue"]
    assert "snapshot-interim" in {one["id"] for one in desk.worklist(exemplary())}
    later_facts = replace(exemplary(), at=at[0])
    asyncio.run(desk.keep_snapshot(Moment.FINAL, later_facts, by="planner"))
    assert due(desk.snapshots(), at[0])["due"] is None


def test_the_clock_keeps_the_interim_state_once_and_freezes_no_old_report(tmp_path: Path) -> None:
    at = [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    desk = AssessmentDesk(tmp_path, now=lambda: at[0])

    def facts() -> Any:
        return replace(exemplary(), at=at[0])

    def report(name: str, value: float) -> None:
        told = Reported(value=value, period="2026", at=at[0].isoformat())
        asyncio.run(desk.report(name, told))

    def kept_by_clock() -> Any:
        return asyncio.run(desk.keep_interim(facts(), CITY))

    assert kept_by_clock() is None, "when a pilot begins is for people to say"
    report("EC: ICT: ICT: 1C", 80.0)
    asyncio.run(desk.keep_snapshot(Moment.BASELINE, facts(), by="planner", rows=CITY))
    at[0] = datetime(2026, 9, 1, 23, tzinfo=UTC)
    report("EC: P: EM: 1C", 4.2)
    assert kept_by_clock() is None
    at[0] = datetime(2026, 9, 2, 0, tzinfo=UTC)
    made = kept_by_clock()
    assert made.moment is Moment.INTERIM and made.by == "clock" and made.indicators["EC: I: T: 8A"] == 5.0
    assert made.indicators["EC: P: EM: 1C"] == 4.2 and made.indicators["EC: ICT: ICT: 1C"] is None
    assert kept_by_clock() is None and desk.snapshot_due()["due"] == "2027-03-02"
    at[0] = datetime(2029, 1, 1, tzinfo=UTC)
    assert kept_by_clock() is not None and kept_by_clock() is None, "a twin that slept for years keeps one"
    asyncio.run(desk.keep_snapshot(Moment.FINAL, facts(), by="planner"))
    at[0] = datetime(2031, 1, 1, tzinfo=UTC)
    assert kept_by_clock() is None


def test_open_items_and_weak_spots_are_work(tmp_path: Path) -> None:
    desk = AssessmentDesk(tmp_path)
    weak = replace(exemplary(), setup=replace(SOUND, hosts=("*",)))
    tasks = {one["id"]: one for one in desk.worklist(weak)}
    assert tasks["check-hosts-bounded"]["counts_for"] == ["security V4-1"]
    assert "item-ecodesign-8.3" in tasks and set(tasks["item-ecodesign-8.3"]["what"]) == LANGUAGES
    asyncio.run(desk.say("ecodesign", "8.3", Said(mark=Mark.NO, reason="unknown")))
    assert "item-ecodesign-8.3" not in {one["id"] for one in desk.worklist(weak)}
    with pytest.raises(errors.NotFound):
        asyncio.run(desk.say("ecodesign", "99", Said(mark=Mark.NO, reason="x")))
    with pytest.raises(errors.NotFound):
        asyncio.run(desk.report("nothing", None))
