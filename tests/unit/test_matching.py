"""Profiles, matches with their reasons, and cities that are alike."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sympolis.dataspace.matching.profile import Need, Offer, Profile, Question, read
from sympolis.dataspace.matching.scoring import POINTS, WEIGHTS, alike, matched, score

ROAD, TREE, AIR = "https://example.org/Road", "https://example.org/Tree", "https://example.org/Air"


def need(kind: str, of: str = "open need") -> Need:
    return Need(id=kind, title={"en": kind}, type=kind, of=of)


def dataset(kind: str) -> Offer:
    return Offer(id=f"data-{kind}", kind="dataset", title={"en": kind}, type=kind)


def city(name: str, **more: Any) -> Profile:
    return Profile(id=f"did:web:{name}", name=name, **more)


def reasons(ours: Profile, theirs: Profile, **verdicts: str) -> dict[str, float]:
    return {one.name: one.points for one in matched(ours, theirs, verdicts)}


def test_what_we_look_for_and_they_have_is_a_reason_and_the_other_way_round() -> None:
    a = city("a", needs=(need(TREE),), offers=(dataset(ROAD),))
    b = city("b", needs=(need(ROAD, "service gap"),), offers=(dataset(TREE), dataset(AIR)))
    assert reasons(a, b) == {
        "they-have-open": POINTS["they-have-open"],
        "we-have-gap": POINTS["we-have-gap"],
    }
    assert score(matched(a, b, {})) == score(matched(b, a, {})) == 5.0


def test_a_service_that_runs_here_counts_more_than_one_that_has_to_be_adapted() -> None:
    b = city("b", offers=(Offer(id="heat", kind="service", title={"en": "Heat"}),))
    runs = score(matched(city("a"), b, {"heat": "runs"}))
    adapts = score(matched(city("a"), b, {"heat": "runs with adaptations"}))
    assert runs > adapts > score(matched(city("a"), b, {"heat": "cannot"})) == 0


def test_a_need_without_a_kind_is_left_to_people() -> None:
    vague = Need(id="x", title={"en": "something"})
    assert not matched(
        city("a", needs=(vague,)), city("b", offers=(Offer(id="y", kind="other", title={}),)), {}
    )


def test_reasons_are_ranked_and_sum_up() -> None:
    a = city(
        "a", country="IT", helix="government", needs=(need(TREE),), questions=(Question(id="q", title={}),)
    )
    b = city(
        "b", country="DE", helix="academia", offers=(dataset(TREE),), questions=(Question(id="q", title={}),)
    )
    found = matched(a, b, {})
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)
    assert {one.name for one in found} == {"they-have-open", "same-question", "other-helix", "other-country"}
    assert score(found) == sum(one.points for one in found)


def test_a_city_is_wholly_like_itself() -> None:
    question = Question(id="q", title={"en": "Q"}, simulators=("toy",))
    a = city("a", residents=400_000, density=2800, offers=(dataset(ROAD),), questions=(question,))
    assert alike(a, a).value == 1.0
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_likeness_says_what_is_shared_and_leaves_out_what_is_unknown() -> None:
    toy, heat = (
        Question(id="t", title={"en": "T"}, simulators=("toy",)),
        Question(id="h", title={}, simulators=("heat",)),
    )
    a = city("a", residents=100_000, offers=(dataset(ROAD), dataset(AIR)), questions=(toy, heat))
    b = city("b", residents=1_000_000, offers=(dataset(ROAD),), questions=(toy,))
    found = alike(a, b)
    assert found.parts == {"questions": 0.5, "data": 0.5, "size": 0.0}
    assert found.shared_kinds == (ROAD,) and found.shared_questions == ({"en": "T"},)
    assert found.value == 0.4
    unknown = alike(a, city("c", offers=(dataset(ROAD),)))
    assert unknown.parts["questions"] is None and unknown.parts["size"] is None and unknown.value == 0.5
    assert alike(a, city("d")).value is None


def test_a_profile_travels_unchanged() -> None:
    a = city("a", country="IT", residents=3.5, needs=(need(TREE),), offers=(dataset(ROAD),))
    assert read(msgspec.json.decode(msgspec.json.encode(a)), profile_id=a.id, name=a.name) == a


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"needs": "x", "offers": 3, "questions": None, "residents": "many", "country": 7},
        {"needs": [{"title": [["x"]], "attributes": {"a": 1}}], "offers": [[]], "density": -1},
        {
            "offers": [{"kind": "weapon", "id": "x" * 10_000, "type": "\x00"}] * 3000,
            "residents": float("inf"),
        },
    ],
)
def test_whatever_a_stranger_writes_becomes_a_profile_of_theirs(given: Any) -> None:
    found = read(given, profile_id="did:web:b", name="B")
    assert (found.id, found.name, found.residents, found.density) == ("did:web:b", "B", None, None)
    assert len(found.offers) <= 500 and all(
        one.kind == "other" and len(one.id) <= 200 for one in found.offers
    )
    matched(city("a"), found, {})
    alike(city("a"), found)
