"""One past of what several brokers tell: the same in whatever order they tell it (clauses 4.5.5, 5.7.4.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sympolis.context.distributed.evolutions import Told, join
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.registrations.registration import Mode
from sympolis.domain.changes import Observation

ID, TYPES = "urn:ngsi-ld:Building:1", ("https://example.org/Building",)
START = datetime(2024, 5, 8, tzinfo=UTC)
HOURS = st.integers(0, 5).map(lambda hour: START + timedelta(hours=hour))
QUERY = HistoryQuery(Query(ids=(ID,), limit=1))
POINTS = st.builds(
    Observation,
    st.just(ID),
    st.just(TYPES),
    st.sampled_from(("https://example.org/heat", "https://example.org/floors")),
    HOURS,
    st.integers(0, 3),
    dataset_id=st.sampled_from((None, "urn:d:1")),
    modified_at=st.none() | HOURS,
)
MODES = st.sampled_from((None, Mode.INCLUSIVE, Mode.AUXILIARY, Mode.REDIRECT))


@st.composite
def tellings(draw: st.DrawFn) -> list[Told]:
    """What this broker and some others tell, each instance of a series once."""
    found = []
    for number, mode in enumerate(draw(st.lists(MODES, max_size=4))):
        points = draw(st.lists(POINTS, max_size=6, unique_by=lambda one: (one.name, one.dataset_id, one.at)))
        found.append(Told(ID, TYPES, tuple(points), f"r{number}", mode))
    return found


def key(point: Observation) -> tuple[str, str | None, datetime]:
    return point.name, point.dataset_id, point.at


@given(told=tellings(), random=st.randoms())
def test_it_is_the_same_in_any_order(told: list[Told], random: Random) -> None:
    shuffled = list(told)
    random.shuffle(shuffled)
    assert join(shuffled, QUERY) == join(told, QUERY)


@given(told=tellings())
def test_every_instant_that_someone_told_of_is_there_once_in_order(told: list[Told]) -> None:
    shown = [point for one in join(told, QUERY) for point in one.observations]
    assert len({key(one) for one in shown}) == len(shown)
    assert {key(one) for one in shown} == {key(point) for one in told for point in one.observations}
    for one in join(told, QUERY):
        times = [point.at for point in one.observations]
        assert times == sorted(times)


@given(told=tellings())
def test_auxiliary_sources_replace_nothing(told: list[Told]) -> None:
    firm = [one for one in told if one.mode is not Mode.AUXILIARY]
    shown = {key(point): point for one in join(told, QUERY) for point in one.observations}
    for one in join(firm, QUERY):
        for point in one.observations:
            assert shown[key(point)] == point


@given(told=tellings())
def test_nobody_has_a_newer_word_about_an_instant(told: list[Told]) -> None:
    shown = {key(point): point for one in join(told, QUERY) for point in one.observations}
    for one in told:
        if one.mode is not Mode.AUXILIARY:
            for point in one.observations:
                known = shown[key(point)].modified_at
                assert point.modified_at is None or (known is not None and known >= point.modified_at)
