"""Every rule of the call: kept by a sound consortium, and broken by a violation that is found and explained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from sympolis.assessment.calls import Call, calls, judge
from sympolis.assessment.calls.consortium import Consortium, Statement, TwinEvidence
from sympolis.assessment.calls.coverage import cover
from sympolis.assessment.calls.desk import evidence_of
from sympolis.assessment.calls.judging import RULES, budget
from sympolis.assessment.calls.rules import read_call
from sympolis.domain import errors
from sympolis.testing.consortium import BEGIN, END, cost, partner, sound
from sympolis.testing.exemplary import exemplary

CALL = calls()["ldt4ssc-call2"]
FORM = """
[[answers]]
id = "impact"
characters = 20
title = { en = "Impact" }
"""


def first_cost(**change: object) -> Callable[[Consortium], Consortium]:
    def changed(one: Consortium) -> Consortium:
        return replace(one, costs=(replace(one.costs[0], **change), *one.costs[1:]))

    return changed


def first_partner(**change: object) -> Callable[[Consortium], Consortium]:
    def changed(one: Consortium) -> Consortium:
        return replace(one, partners=(replace(one.partners[0], **change), *one.partners[1:]))

    return changed


def granted(each: float) -> Callable[[Consortium], Consortium]:
    def changed(one: Consortium) -> Consortium:
        parties = tuple(replace(it, grant_eur=each) for it in one.partners)
        return replace(one, partners=parties, costs=tuple(cost(it.id, eur=1_000_000) for it in parties))

    return changed


VIOLATIONS: dict[str, tuple[Callable[[Consortium], Consortium], str]] = {
    "authorities": (first_partner(kind="company"), "Local or regional authorities: 1, needed are 2."),
    "authority-countries": (
        first_partner(country="DE"),
        "Eligible countries of the authorities: 1, needed are 2.",
    ),
    "further-partners": (
        lambda one: replace(one, partners=one.partners[:2], costs=one.costs[:2]),
        "named kinds: 0, needed are 1.",
    ),
    "eligible-countries": (
        lambda one: replace(one, partners=(*one.partners, partner("Delta", "US", "company", 0))),
        "Delta (US)",
    ),
    "duration": (
        lambda one: replace(one, end=date(2028, 8, 31)),
        "Duration: 20 months; allowed are 12 to 18.",
    ),
    "categories": (first_cost(category="travel"), "Work of alpha (travel)"),
    "amounts": (lambda one: replace(one, costs=(*one.costs, cost("alpha", eur=0.0))), "Work of alpha"),
    "grant-per-party": (first_partner(elsewhere_eur=300_001.0), "Alpha (500\u202f001)"),
    "grant-per-consortium": (granted(400_000), "1\u202f200\u202f000 EUR, at most 1\u202f000\u202f000."),
    "cofunding": (first_partner(grant_eur=214_001.0), "Co-funding below 50 % of costs: Alpha."),
    "period": (first_cost(end=date(2028, 1, 1)), "Costs outside the pilot's period: Work of alpha."),
    "actual-costs": (first_cost(basis="lump sum"), "Work of alpha (lump sum)"),
    "double-funding": (first_cost(funded_by="ERDF"), "Work of alpha (ERDF)"),
    "answer-lengths": (
        lambda one: replace(one, answers={"impact": "more than twenty characters"}),
        "impact (27/20)",
    ),
    "documents": (lambda one: replace(one, documents={}), "letter-of-intent"),
}


def with_form() -> Call:
    path = Path(__file__).parents[2] / "src/sympolis/assessment/rules/ldt4ssc-call2.toml"
    return read_call(path.read_text(encoding="utf-8") + FORM, "rules")


def answered() -> Consortium:
    return replace(sound(), answers={"impact": "Cooler."})


def test_every_rule_has_its_violation() -> None:
    assert set(VIOLATIONS) == set(RULES)


def test_a_sound_consortium_keeps_every_rule() -> None:
    found = judge(answered(), with_form())
    assert [one.rule for one in found if not one.kept] == []


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_a_violation_is_found_and_explained_in_three_languages(rule: str) -> None:
    violate, says = VIOLATIONS[rule]
    found = {one.rule: one for one in judge(violate(answered()), with_form())}
    assert not found[rule].kept and says in found[rule].text["en"]
    assert len({*found[rule].text.values()}) == 3 and set(found[rule].text) == {"it", "de", "en"}
    others = [name for name, one in found.items() if not one.kept and name != rule]
    assert set(others) <= ({"authority-countries"} if rule == "authorities" else set()), others


def test_exactly_half_is_enough_and_a_cent_more_is_not() -> None:
    half = 400_000 * 1.07 / 2
    kept = {one.rule: one.kept for one in judge(first_partner(grant_eur=half)(sound()), CALL)}
    broken = {one.rule: one.kept for one in judge(first_partner(grant_eur=half + 0.01)(sound()), CALL)}
    assert kept["cofunding"] and not broken["cofunding"]


def test_a_third_authority_counts_as_the_further_partner() -> None:
    three = replace(sound(), partners=(partner("Alpha", "IT"), partner("Beta", "DE"), partner("Gamma", "DE")))
    assert all(one.kept for one in judge(three, CALL) if one.rule == "further-partners")


@pytest.mark.parametrize(
    ("end", "months"),
    [(date(2027, 12, 31), 12), (date(2028, 6, 30), 18), (date(2027, 12, 30), 11), (date(2028, 7, 1), 18)],
)
def test_months_are_whole_ones(end: date, months: int) -> None:
    found = {one.rule: one for one in judge(replace(sound(), end=end), CALL)}
    assert f"Duration: {months} months" in found["duration"].text["en"]


def test_the_budget_adds_seven_percent_and_sums_up() -> None:
    found = budget(sound(), CALL)
    assert found["parties"][0]["indirect_eur"] == 28_000 and found["parties"][0]["own_eur"] == 228_000
    assert found["total"]["eligible_eur"] == 1_284_000 and found["total"]["grant_eur"] == 600_000


def proving(*cities: str, without: tuple[str, ...] = ()) -> dict[str, TwinEvidence]:
    whole = evidence_of(exemplary(), 4.0)
    checks = {name: met and name not in without for name, met in whole.checks.items()}
    return {city: replace(whole, city=city, checks=checks) for city in cities}


@pytest.mark.parametrize("strand", ["WS1", "WS2", "WS3"])
def test_two_exemplary_twins_cover_all_that_checks_can_prove(strand: str) -> None:
    found = cover(replace(sound(), twins=proving("alpha", "beta")), CALL, strand)
    open_ones = {one["id"] for one in found["requirements"] if not one["met"]}
    assert open_ones == {one.id for one in CALL.requirements if not one.provable} & {
        one["id"] for one in found["requirements"]
    }


def test_what_needs_two_twins_is_not_proved_by_one_and_the_gap_is_named() -> None:
    alone = cover(replace(sound(), twins=proving("alpha")), CALL, "WS2")
    two_instances = next(one for one in alone["requirements"] if one["id"] == "C.18")
    assert (
        not two_instances["met"] and two_instances["twins"] == ["alpha"] and two_instances["needs_twins"] == 2
    )
    lacking = cover(replace(sound(), twins=proving("alpha", "beta", without=("services-two",))), CALL, "WS2")
    [services] = [one for one in lacking["requirements"] if one["id"] == "C.19"]
    assert [one["twin"] for one in services["missing"]] == ["alpha", "beta"] and services["missing"][0][
        "todo"
    ]["de"]


def test_an_average_is_asked_of_each_twin_and_what_it_gives_is_told() -> None:
    strong, weak = proving("alpha")["alpha"], replace(proving("beta")["beta"], average=2.8)
    found = cover(replace(sound(), twins={"alpha": strong, "beta": weak}), CALL, "WS2")
    [asked] = [one for one in found["requirements"] if one["id"] == "C.22"]
    assert not asked["met"] and asked["twins"] == ["alpha"]
    [gap] = asked["missing"]
    assert gap["twin"] == "beta" and "2.8, at least 3" in gap["todo"]["en"] and "2.8" in gap["todo"]["it"]
    silent = cover(replace(sound(), twins={"beta": replace(weak, average=None)}), CALL, "WS2")
    assert not next(one for one in silent["requirements"] if one["id"] == "C.22")["twins"]


def test_people_can_say_what_no_check_can_prove() -> None:
    said = replace(
        sound(),
        statements={"C.25": Statement(met=True, note="Letter of a third town", link="https://example.org")},
    )
    [found] = [one for one in cover(said, CALL, "WS2")["requirements"] if one["id"] == "C.25"]
    assert found["met"] and found["basis"] == "statement" and found["statement"]["note"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("no = [", "not TOML"), ('id = "x"', "strands"), ("", "title")],
)
def test_a_file_that_is_no_rules_is_refused_with_reasons(text: str, says: str) -> None:
    with pytest.raises(errors.SettingsInvalid, match=says):
        read_call(text, "mine.toml")


def test_rules_name_only_checks_that_there_are(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "src/sympolis/assessment/rules/ldt4ssc-call2.toml"
    text = path.read_text(encoding="utf-8").replace('"datasets-themed"', '"wishful-thinking"')
    with pytest.raises(errors.SettingsInvalid, match="wishful-thinking"):
        read_call(text, "mine.toml")


def test_a_city_adds_a_call_of_its_own(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "src/sympolis/assessment/rules/ldt4ssc-call2.toml"
    text = path.read_text(encoding="utf-8").replace('id = "ldt4ssc-call2"', 'id = "next-call"', 1)
    (tmp_path / "next.toml").write_text(
        text.replace("cofunding_share = 0.5", "cofunding_share = 0.25"), encoding="utf-8"
    )
    found = calls(tmp_path)
    assert set(found) == {"ldt4ssc-call2", "next-call"} and found["next-call"].budget.cofunding_share == 0.25
    assert BEGIN < END
