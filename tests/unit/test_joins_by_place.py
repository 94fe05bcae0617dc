"""A place tells things of one name apart, stands for a name, and never guesses."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.acquisition.contradictions import mistakes
from sympolis.acquisition.joins import Joiner
from sympolis.acquisition.mapping import EntityMapping, GeometryRule, JoinRule
from sympolis.acquisition.quality import Reason
from sympolis.governance.masterdata.model import Decision, Kind, MemoryBook, Thing
from sympolis.governance.masterdata.names import distance_m
from sympolis.governance.masterdata.nearness import Surroundings, apart, placed
from sympolis.governance.masterdata.registry import MasterData

NOW = datetime(2024, 6, 1, tzinfo=UTC)
METRE = 1 / 111_195
"""A metre to the north in degrees."""
HERE = (11.34, 44.49)


def north(metres: float) -> tuple[float, float]:
    return HERE[0], HERE[1] + metres * METRE


STREETS = Kind(id="streets", title={"en": "Streets"}, entity_type="Street")
THINGS = (
    Thing(id="roma-1", name="Via Roma", position=north(100)),
    Thing(id="roma-2", name="Via Roma", position=north(900)),
    Thing(id="verdi-1", name="Via Verdi", position=north(100)),
    Thing(id="verdi-2", name="Via Verdi", position=north(150)),
    Thing(id="somewhere", name="Via Dove"),
    Thing(id="far", name="Via Lontana", position=north(4000)),
    Thing(id="old", name="Via Vecchia", position=north(1), valid_to=date(2000, 1, 1)),
)


def known(things: tuple[Thing, ...] = THINGS) -> MasterData:
    return MasterData({"streets": STREETS}, {"streets": things}, MemoryBook(), lambda: NOW)


def joined(
    data: MasterData, words: str | None, *, field: str | None = "via", within_m: float = 500.0, **more: bool
) -> tuple[str | None, list[Reason]]:
    rule = JoinRule(field=field, kind="streets", name="street", within_m=within_m, **more)
    reasons: list[Reason] = []
    found = Joiner((rule,), data, "works").join({"via": words}, None, reasons, lambda: HERE)
    return found["street"], reasons


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Via Roma", "roma-1"),
        ("Via Dove", "somewhere"),  # nobody knows where it is: its name alone must do
        ("Via Verdi", None),  # the second is not twice as far
        ("Via Lontana", None),  # only one has the name, but it is elsewhere
        ("Via Nuova", None),  # nearness does not make one thing of two names
    ],
)
def test_a_name_and_a_place(words: str, meant: str | None) -> None:
    data = known()
    found, reasons = joined(data, words)
    assert found == meant
    assert (reasons == []) == (meant is not None)
    assert data.matches()[0] == (meant is None)


def test_what_is_unclear_is_told_with_distances() -> None:
    assert "verdi-1 (100 m away) or verdi-2 (150 m away)" in joined(known(), "Via Verdi")[1][0].message
    assert "far (4,000 m away)" in joined(known(), "Via Lontana")[1][0].message
    assert "around: roma-1 (100 m away)" in joined(known(), "Via Nuova")[1][0].message


@pytest.mark.parametrize(
    ("metres", "meant"),
    [((100, 200), "0"), ((100, 199), None), ((100,), "0"), ((600,), None), ((0.2, 1.5), None), ((), None)],
)
def test_a_place_alone(metres: tuple[float, ...], meant: str | None) -> None:
    things = tuple(Thing(id=str(n), name=f"Via {n}", position=north(m)) for n, m in enumerate(metres))
    data = known(things)
    found, reasons = joined(data, None, field=None)
    assert found == meant
    assert bool(reasons) == (meant is None)


def test_an_optional_join_leaves_the_field_empty() -> None:
    assert joined(known(), "Via Verdi", optional=True) == (None, [])


def test_a_steward_decides_for_a_name_at_a_place_only() -> None:
    data = known()
    joined(data, "Via Verdi")
    total, [match] = data.matches()
    assert total == 1 and match.unknown.words == "Via Verdi at N44.49000 E11.34000"
    assert [one.thing.id for one in match.candidates][:2] == ["verdi-1", "verdi-2"]
    assert "100 m away" in match.candidates[0].reasons
    decide(data, "accept", match.unknown.words, "verdi-2")
    assert joined(data, "Via Verdi") == ("verdi-2", [])
    assert data.matches()[0] == 0
    assert data.thing("streets", "verdi-2").aliases == ()
    assert data.find("streets", "Via Verdi", None) == ("verdi-1", "verdi-2")


def test_a_rejected_thing_leaves_the_other() -> None:
    data = known()
    decide(data, "reject", "Via Verdi at N44.49000 E11.34000", "verdi-1")
    assert joined(data, "Via Verdi") == ("verdi-2", [])


def test_a_question_without_a_name_lists_what_is_around() -> None:
    data = known()
    assert joined(data, None, field=None)[0] is None
    [match] = data.matches()[1]
    assert [one.thing.id for one in match.candidates] == ["roma-1", "verdi-1", "verdi-2", "roma-2", "far"]
    assert match.candidates[2].reasons == ("150 m away",)


def decide(data: MasterData, action: str, words: str, thing: str) -> None:
    data.decide(
        Decision(number=0, at=NOW, by="A. Rossi", kind="streets", action=action, words=words, thing=thing)
    )


LON, LAT = st.floats(-179, 179), st.floats(-85, 85)


@given(st.tuples(LON, LAT), st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), max_size=8))
def test_nothing_near_is_left_out(place: tuple[float, float], steps: list[tuple[float, float]]) -> None:
    things = [
        Thing(id=str(n), name="x", position=(place[0] + x, max(-89.0, min(89.0, place[1] + y))))
        for n, (x, y) in enumerate(steps)
    ]
    wanted = {one.id for one in things if one.position and distance_m(place, one.position) <= 5000}
    assert {one.id for one, _ in Surroundings(things).near(place, 5000.0)} == wanted


@given(st.text(max_size=20).filter(lambda text: text == text.strip()), st.tuples(LON, LAT))
def test_words_and_place_come_apart_again(words: str, place: tuple[float, float]) -> None:
    found, spot = apart(placed(words, place))
    assert found == words
    assert spot == pytest.approx(place, abs=1e-5)


@pytest.mark.parametrize("text", ["Via Roma", "at", "at N1.2.3 E4", "at 12 14"])
def test_a_name_has_no_place(text: str) -> None:
    assert apart(text) == (text, None)


def test_contradictions_are_told_when_the_package_is_checked() -> None:
    def told(geometry: GeometryRule | None, **join: object) -> list[str]:
        rule = JoinRule(kind="streets", name="street", **join)  # type: ignore[arg-type]
        mapping = EntityMapping(
            id="works", version="1", entity_type="Works", entity_id="{nr}", joins=(rule,), geometry=geometry
        )
        return [where for where, _, _ in mistakes(mapping)]

    assert told(None, within_m=100.0) == ["joins[0].within_m"]
    assert told(GeometryRule()) == ["joins[0].field"]
    assert told(GeometryRule(), within_m=100.0) == []
