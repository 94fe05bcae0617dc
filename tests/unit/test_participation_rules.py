"""The rules of participation: phases, bounds, links, pace, moderation, representativeness by figures worked by hand."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sympolis.decision.participation import bounds, counting, moderation, project, representing, spam, topics
from sympolis.decision.participation.project import Kind, ProjectPlan
from sympolis.decision.participation.record import Contribution, State
from sympolis.decision.participation.representing import Group
from sympolis.decision.participation.voice import ACCOUNT, MAIL, Voices
from sympolis.domain import errors, reading

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[11.0, 44.0], [11.1, 44.0], [11.1, 44.1], [11.0, 44.1], [11.0, 44.0]]],
}
LEVERS = {"entry-charge": {"charge": (0.0, 10.0)}}


def plan(**more: Any) -> ProjectPlan:
    document = {
        "id": "square",
        "title": {"en": "The square"},
        "question": {"en": "What does it need?"},
        "owner": {"en": "Town"},
        "phases": [
            {
                "id": "collect",
                "title": {},
                "since": date(2026, 5, 1),
                "until": date(2026, 5, 31),
                "kinds": ["idea"],
            },
            {"id": "discuss", "title": {}, "since": date(2026, 7, 1), "until": date(2026, 7, 31)},
        ],
        "categories": [{"id": "green", "title": {}}],
        **more,
    }
    findings: list[reading.Finding] = []
    found = reading.read(ProjectPlan, document, "square", findings)
    assert found is not None, findings
    return found


def said(**more: Any) -> Contribution:
    values: dict[str, Any] = {
        "id": "c-1", "project": "square", "author": "a" * 32, "name": "Lime", "title": "Shade", "text": "Plant trees.",
        "at": NOW, "state": State.PUBLISHED, "phase": "collect", "kind": Kind.IDEA, "category": "green",
    }  # fmt: skip
    return Contribution(**{**values, **more})


# --- phases


@pytest.mark.parametrize(
    ("day", "status", "phase"),
    [
        (date(2026, 4, 30), "planned", None),
        (date(2026, 5, 1), "open", "collect"),
        (date(2026, 5, 31), "open", "collect"),
        (date(2026, 6, 1), "between", None),
        (date(2026, 7, 31), "open", "discuss"),
        (date(2026, 8, 1), "closed", None),
    ],
)
def test_both_days_of_a_phase_are_part_of_it(day: date, status: str, phase: str | None) -> None:
    found = plan()
    assert found.status(day) == status
    assert (found.phase(day).id if found.phase(day) else None) == phase  # type: ignore[union-attr]
    assert found.kept_until == date(2027, 7, 31)


# --- what a planner opens


def opened(low: float, high: float, lever: str = "charge", service: str = "entry-charge") -> ProjectPlan:
    return plan(what_if={"service": service, "levers": [{"name": lever, "low": low, "high": high}]})


@pytest.mark.parametrize(
    ("found", "field"),
    [
        (opened(0, 12), "what_if.levers.charge"),
        (opened(-1, 5), "what_if.levers.charge"),
        (opened(5, 2), "what_if.levers.charge"),
        (opened(0, 5, lever="speed"), "what_if.levers.speed"),
        (opened(0, 5, service="none"), "what_if.service"),
        (plan(phases=[]), "phases"),
        (plan(categories=[{"id": "a", "title": {}}, {"id": "a", "title": {}}]), "categories"),
        (plan(title={}), "title"),
        (plan(phases=[{"id": "a", "title": {}, "since": date(2026, 1, 1), "until": date.max}]), "phases.a"),
    ],
)
def test_a_project_opens_no_more_than_its_service_allows(found: ProjectPlan, field: str) -> None:
    assert field in [where for where, _, _ in project.complaints(found, LEVERS)]
    assert not list(project.complaints(opened(0, 5), LEVERS))


def test_levers_stay_within_the_planners_bounds() -> None:
    opening = opened(1, 5).what_if
    assert opening is not None
    assert bounds.checked_levers(opening, {"charge": 5}) == {"charge": 5}
    for wrong in (
        {"charge": 5.01},
        {"charge": 0},
        {"charge": True},
        {"charge": "3"},
        {"speed": 3},
        {},
        None,
        [1],
    ):
        with pytest.raises(errors.BadRequestData):
            bounds.checked_levers(opening, wrong)
    with pytest.raises(errors.BadRequestData):
        bounds.checked_levers(opening, {"charge": float("nan")})


def test_places_lie_within_the_outline() -> None:
    line = {"type": "LineString", "coordinates": [[11.02, 44.02], [11.05, 44.05]]}
    assert bounds.checked_place(line, SQUARE) == line
    bow = [[11.02, 44.02], [11.05, 44.05], [11.05, 44.02], [11.02, 44.05], [11.02, 44.02]]
    outside = {"type": "LineString", "coordinates": [[11.02, 44.02], [11.2, 44.05]]}
    for wrong in (
        outside,
        {"type": "Polygon", "coordinates": [bow]},
        {"type": "MultiPoint", "coordinates": [[11.02, 44.02]]},
    ):
        with pytest.raises(errors.BadRequestData):
            bounds.checked_place(wrong, SQUARE)


# --- links


def test_a_person_is_known_within_one_project_alone() -> None:
    voices = Voices(b"k" * 32)
    assert voices.author("square", MAIL, " Anna@Example.org ") == voices.author(
        "square", MAIL, "anna@example.org"
    )
    assert voices.author("square", MAIL, "anna") != voices.author("hill", MAIL, "anna")
    assert voices.author("square", MAIL, "anna") != voices.author("square", ACCOUNT, "anna")
    assert voices.author("square", MAIL, "anna") != Voices(b"j" * 32).author("square", MAIL, "anna")


def test_a_link_is_a_jws_that_ends_and_cannot_be_altered() -> None:
    voices = Voices(b"k" * 32)
    author = voices.author("square", MAIL, "anna@example.org")
    token = voices.token("square", author, NOW + timedelta(hours=1))
    assert voices.read(token, now=NOW).author == author
    header, payload, signature = token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    for wrong in (
        f"{none}.{payload}.",
        f"{none}.{payload}.{signature}",
        f"{header}.{payload}.",
        "",
        ".",
        "..",
        "é.é.é",
    ):
        with pytest.raises(errors.Unauthenticated):
            voices.read(wrong, now=NOW)
    with pytest.raises(errors.Unauthenticated):
        voices.read(token, now=NOW + timedelta(hours=1))
    with pytest.raises(errors.Unauthenticated):
        Voices(b"j" * 32).read(token, now=NOW)


# --- spam


def test_the_pace_holds_for_a_person_and_for_an_address() -> None:
    clock = [0.0]
    pace = spam.Pace(lambda: clock[0])
    for _ in range(spam.PER_PERSON["contribution"]):
        pace.check("contribution", "anna", "192.0.2.1")
    with pytest.raises(errors.TooManyAttempts):
        pace.check("contribution", "anna", "192.0.2.2")
    for number in range(spam.PER_ADDRESS["contribution"] - spam.PER_PERSON["contribution"]):
        pace.check("contribution", f"person {number}", "192.0.2.1")
    with pytest.raises(errors.TooManyAttempts):
        pace.check("contribution", "somebody else", "192.0.2.1")
    clock[0] = spam.HOUR_S
    pace.check("contribution", "anna", "192.0.2.1")


def test_links_addresses_and_repeats_are_seen() -> None:
    assert spam.suspicious("See https://a.example, http://b.example and www.c.example") == "3 links"
    assert spam.suspicious("See https://www.a.example and https://www.b.example") == ""
    assert spam.suspicious("Write to anna@example.org") == "an e-mail address"
    with pytest.raises(errors.AlreadyExists):
        spam.check_repeat("SHADE: plant trees", [said()])
    spam.check_repeat("Shade: plant trees", [said(state=State.WITHDRAWN)])


# --- moderation


def test_what_was_hidden_is_appealed_once_and_decided_by_another() -> None:
    hidden = moderation.moderated(said(), moderation.HIDE, by="anna", reason="Off topic", at=NOW)
    appealed = moderation.appealed(hidden, text="It is on topic", at=NOW)
    with pytest.raises(errors.Conflict):
        moderation.moderated(appealed, moderation.PUBLISH, by="anna", reason="", at=NOW)
    assert (
        moderation.moderated(appealed, moderation.PUBLISH, by="anna", reason="", at=NOW, alone=True).state
        == "published"
    )
    upheld = moderation.moderated(appealed, moderation.HIDE, by="bert", reason="Off topic", at=NOW)
    with pytest.raises(errors.Conflict):
        moderation.appealed(upheld, text="Again", at=NOW)
    assert [step.act for step in upheld.trail] == ["hide", "appeal", "hide"]


def test_erasing_leaves_only_that_there_was_something() -> None:
    gone = moderation.erased(
        said(place={"type": "Point", "coordinates": [11, 44]}, age="old", home="a"), at=NOW
    )
    assert (gone.id, gone.state) == ("c-1", State.ERASED)
    assert not any((gone.author, gone.name, gone.text, gone.title, gone.place, gone.age, gone.home))
    with pytest.raises(errors.Conflict):
        moderation.moderated(gone, moderation.PUBLISH, by="anna", reason="", at=NOW)


# --- representativeness


def test_the_interval_is_wilsons() -> None:
    """5 of 20 at z = 1.645: (0.25 + 2.706/40 ± 1.645 √(0.1875/20 + 2.706/1600)) / (1 + 2.706/20), by hand."""
    low, high = representing.wilson(5, 20)
    assert (round(low, 4), round(high, 4)) == (0.1274, 0.4322)
    assert representing.wilson(0, 0) == (0.0, 1.0)
    assert representing.wilson(0, 20)[0] == 0.0


def test_a_verdict_is_given_only_where_there_is_one() -> None:
    """Of 40: 4 young (interval 4.5-20.7 %) of 30 % in the population; 20 middle (37.4-62.6 %) of 50 %; 16 old
    (28.3-53.0 %) of 20 %."""
    groups = [Group("young", "young", 300), Group("middle", "middle", 500), Group("old", "old", 200)]
    found = {
        one.id: one.verdict for one in representing.compared({"young": 4, "middle": 20, "old": 16}, groups)
    }
    assert found == {"young": "fewer", "middle": "no clear difference", "old": "more"}
    few = representing.compared({"young": 9}, groups)
    assert {one.verdict for one in few} == {"too few to tell"}


# --- topics


def test_topics_group_what_shares_words_the_same_way_each_time() -> None:
    pytest.importorskip("sklearn")
    trees, ways = "Trees give shade in summer", "The cycle path ends before the school"
    texts = {f"c-{number}": (trees if number % 2 else ways) for number in range(10)}
    found = topics.group(texts)
    halves = {frozenset(name for name in texts if int(name[2:]) % 2 == odd) for odd in (0, 1)}
    assert {frozenset(one.contributions) for one in found.topics} == halves
    assert found == topics.group(dict(reversed(texts.items())))
    assert "the" not in {word for one in found.topics for word in one.words}
    assert topics.group({"c-1": "alone"}).topics == ()


def test_what_people_say_of_themselves_is_told_of_ten_at_once() -> None:
    """Between two looks, before and after somebody spoke, nothing of that person alone can be learned."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    people = [
        said(id=f"c-{n}", author=f"p-{n}", age="old" if n % 3 else "young", at=start + timedelta(minutes=n))
        for n in range(25)
    ]
    assert counting.ages(people[:9]) == {}
    assert counting.ages(people[:10]) == counting.ages(people[:19]) == {"old": 6, "young": 4}
    assert sum(counting.ages(people).values()) == 20
    again = said(id="c-x", author="p-0", age="old", at=start + timedelta(hours=9))
    assert counting.ages([*people[:10], again]) == counting.ages(people[:10]), "nor what they change"
