"""Histories answer alike whether all of it is in the table, half of it is archived, or all."""

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import Retraction
from sympolis.domain.changes import TimeKind
from sympolis.domain.entity import Attribute, AttributeKind
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.parquet import GROUP
from sympolis.stores.embedded.rolling import Roller
from sympolis.stores.memory import MemoryStore
from sympolis.testing.clocks import SteppingClock
from sympolis.testing.histories import HistoryContract
from sympolis.testing.stores import NAME, SPEED, START, StoreContract, observation, road

FAR = datetime(2100, 1, 1, tzinfo=UTC)
HALF = datetime(2024, 6, 1, tzinfo=UTC)
EVERY = tuple(Aggregation)
HANDLES = Path("/proc/self/fd")


class RollingStore(EmbeddedStore):
    """Archives everything before it answers anything about the past."""

    async def history(self, query, *, tenant=""):
        await self.roll(FAR, tenant=tenant)
        return await super().history(query, tenant=tenant)

    async def retract(self, retraction, *, tenant="", cause=""):
        await self.roll(FAR, tenant=tenant)
        return await super().retract(retraction, tenant=tenant, cause=cause)

    async def observe(self, observations, *, tenant="", cause=""):
        found = await super().observe(observations, tenant=tenant, cause=cause)
        await self.roll(FAR, tenant=tenant)
        return found


class _Archived:
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path):
        self.folder = tmp_path

    @asynccontextmanager
    async def open_store(self, now):
        store = RollingStore.open(self.folder / "data", now=now)
        yield store
        await store.close()


class TestArchivedStore(_Archived, StoreContract):
    """The whole contract, with every point archived at once."""


class TestArchivedHistory(_Archived, HistoryContract):
    """Likewise."""


# --- both tiers against the model

VALUES = st.one_of(
    st.floats(-1e6, 1e6), st.integers(-5, 5), st.sampled_from(["a", True, [1], {"a": 1}, 2**60, 2**70])
)
POINTS = st.builds(
    lambda number, name, days, value, unit, time, more: observation(
        road(number), days * 24, value, name, unit_code=unit, time=time, attributes=more
    ),
    st.integers(1, 2),
    st.sampled_from([SPEED, NAME]),
    st.integers(-70, 90),
    VALUES,
    st.sampled_from([None, "KMH"]),
    st.sampled_from([TimeKind.OBSERVED] * 3 + [TimeKind.RECORDED]),
    st.sampled_from([{}] * 4 + [{NAME: (Attribute(AttributeKind.PROPERTY, "x"),)}]),
)
RETRACTIONS = st.builds(
    lambda number, name, days: Retraction(
        road(number).id, name, at=None if days is None else START + timedelta(days=days)
    ),
    st.integers(1, 2),
    st.sampled_from([SPEED, NAME]),
    st.none() | st.integers(-70, 90),
)
ROLLS = st.sampled_from([HALF - timedelta(days=60), HALF, FAR])
STEPS = st.lists(st.lists(POINTS, min_size=1, max_size=12) | RETRACTIONS | ROLLS, max_size=9)
RANGES = st.none() | st.builds(
    lambda relation, start, length, by: TimeRange(
        relation,
        START + timedelta(days=start),
        START + timedelta(days=start + length) if relation is TimeRelation.BETWEEN else None,
        by,
    ),
    st.sampled_from(TimeRelation),
    st.integers(-80, 100),
    st.integers(0, 80),
    st.sampled_from([TimeProperty.OBSERVED_AT] * 3 + list(TimeProperty)),
)
QUERIES = st.builds(
    HistoryQuery,
    st.builds(Query, limit=st.integers(1, 3), count=st.booleans()),
    range=RANGES,
    names=st.sampled_from([(), (SPEED,)]),
    last_n=st.none() | st.integers(1, 5),
    methods=st.just(()) | st.just(EVERY),
    period_s=st.sampled_from([0, 86_400, 3 * 86_400, 40 * 86_400]),
    max_instances=st.integers(1, 30),
    time=st.sampled_from([None, *TimeProperty]),
)


@given(STEPS, st.lists(QUERIES, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_is_where_makes_no_difference(tmp_path_factory, steps, asked):
    async def run():
        memory = MemoryStore(now=SteppingClock())
        store = EmbeddedStore.open(tmp_path_factory.mktemp("archive"), now=SteppingClock())
        try:
            for step in steps:
                if isinstance(step, datetime):
                    await store.roll(step)
                elif isinstance(step, Retraction):
                    assert await store.retract(step) == await memory.retract(step)
                else:
                    assert await store.observe(step) == await memory.observe(step)
            assert (await store.status()).observations == (await memory.status()).observations
            for query in asked:
                assert await store.history(query) == await memory.history(query), query
        finally:
            await store.close()

    asyncio.run(run())


# --- files


def opened(folder):
    return EmbeddedStore.open(folder, now=SteppingClock())


def archive(folder):
    return sorted(path.name for path in (folder / "default" / "archive").glob("*"))


async def table_size(store):
    return await store._place("").read(lambda db: db.execute("SELECT count(*) FROM point").fetchone()[0])


def run(scenario, folder):
    async def scene():
        store = opened(folder)
        try:
            await scenario(store)
        finally:
            await store.close()

    asyncio.run(scene())


def test_months_become_files_that_others_can_read(tmp_path):
    async def scenario(store):
        points = [observation(road(1), 24 * day, float(day), unit_code="KMH") for day in range(60)]
        await store.observe([*points, observation(road(1), 0, "wet", NAME)])
        rolled = await store.roll(HALF)
        assert (rolled.months, rolled.points) == (("2024-05",), 25)
        assert await table_size(store) == 36
        assert (await store.roll(HALF)).months == ()

    run(scenario, tmp_path)
    [name] = archive(tmp_path)
    table = pq.read_table(tmp_path / "default" / "archive" / name)
    assert table.column("entity").to_pylist() == [road(1).id] * 25
    assert (
        table.column("attribute").to_pylist() == [SPEED] * 24 + [NAME]
        or table.column("attribute").to_pylist() == [NAME] + [SPEED] * 24
    )
    assert START in table.column("at").to_pylist()
    assert set(table.column("unit").to_pylist()) == {"KMH", None}


def test_long_series_are_read_across_row_groups(tmp_path):
    count = GROUP * 2 + 100

    async def scenario(store):
        points = [observation(road(1), number / 60, float(number)) for number in range(count)]
        await store.observe([*points, observation(road(2), 1, 5)])
        await store.roll(FAR)
        assert await table_size(store) == 0
        found = await store.history(HistoryQuery(Query(ids=(road(1).id,)), last_n=3))
        assert [point.value for point in found.series[0].observations] == [
            count - 3.0,
            count - 2.0,
            count - 1.0,
        ]
        middle = START + timedelta(minutes=GROUP - 2)
        wanted = TimeRange(TimeRelation.BETWEEN, middle, middle + timedelta(minutes=4))
        found = await store.history(HistoryQuery(Query(), wanted))
        assert [point.value for point in found.series[0].observations] == [GROUP - 2.0 + n for n in range(4)]
        [mean, _] = (await store.history(HistoryQuery(Query(), methods=(Aggregation.AVG,)))).series
        assert mean.buckets[0].figures[Aggregation.AVG] == pytest.approx((count - 1) / 2)

    run(scenario, tmp_path)


def test_a_late_point_wins_and_is_archived_in_turn(tmp_path):
    async def scenario(store):
        points = [observation(road(1), hour, hour) for hour in range(5)]
        await store.observe(points)
        await store.roll(FAR)
        assert await store.observe([points[1]]) == 0
        assert await store.observe([replace(points[1], value=77), observation(road(1), 9, 9)]) == 2
        assert await table_size(store) == 2
        for size in (2, 0):
            found = await store.history(HistoryQuery(Query()))
            assert [point.value for point in found.series[0].observations] == [0, 77, 2, 3, 4, 9]
            assert (await store.status()).observations == 6
            assert await table_size(store) == size
            await store.roll(FAR)
        assert len(archive(tmp_path)) <= 2
        await store.roll(FAR)
        assert len(archive(tmp_path)) == 1

    run(scenario, tmp_path)


def test_what_is_taken_back_leaves_the_files_too(tmp_path):
    async def scenario(store):
        await store.observe([observation(road(number), hour, 4.5) for number in (1, 2) for hour in range(5)])
        await store.roll(FAR)
        assert await store.retract(Retraction(road(1).id)) == 5
        assert await store.retract(Retraction(road(2).id, SPEED, at=START)) == 1
        await store.roll(FAR)
        await store.roll(FAR)
        [name] = archive(tmp_path)
        table = pq.read_table(tmp_path / "default" / "archive" / name)
        assert set(table.column("entity").to_pylist()) == {road(2).id}
        assert len(table) == 4
        assert await table_size(store) == 0

    run(scenario, tmp_path)


def test_orphans_are_cleaned_away(tmp_path):
    folder = tmp_path / "default" / "archive"
    folder.mkdir(parents=True)
    for name in ("2024-05.7.parquet", "2024-05.8.part"):
        (folder / name).write_bytes(b"left behind")
    (folder / "notes.txt").write_text("somebody else's")

    async def scenario(store):
        await store.observe([observation(road(1), 0, 1)])
        await store.roll(FAR)

    run(scenario, tmp_path)
    assert [name for name in archive(tmp_path) if not name.startswith("2024-05.1")] == ["notes.txt"]


def test_what_is_written_meanwhile_is_kept(tmp_path):
    """Between the snapshot and the end of a roll: a new point, another value, one taken back."""

    async def scenario(store):
        points = [observation(road(1), hour, hour) for hour in range(5)]
        await store.observe(points)
        place = store._place("")
        loop = asyncio.get_running_loop()

        def watch(step):
            if step == "listed":
                late = [replace(points[1], value=77), observation(road(1), 9, 9)]
                asyncio.run_coroutine_threadsafe(store.observe(late), loop).result()

        await Roller(place.path, place.write, watch).roll(FAR)
        found = await store.history(HistoryQuery(Query()))
        assert [point.value for point in found.series[0].observations] == [0, 77, 2, 3, 4, 9]

    run(scenario, tmp_path)


def test_points_taken_back_meanwhile_do_not_return(tmp_path):
    async def scenario(store):
        await store.observe([observation(road(number), hour, hour) for number in (1, 2) for hour in range(5)])
        place = store._place("")
        loop = asyncio.get_running_loop()
        gone = []

        def watch(step):
            if step == "listed":  # in the thread that copies
                taking = asyncio.run_coroutine_threadsafe(store.retract(Retraction(road(1).id)), loop)
                gone.append(taking.result())

        assert (await Roller(place.path, place.write, watch).roll(FAR)).points == 0
        assert gone == [5]
        assert (await store.roll(FAR)).points == 5
        found = await store.history(HistoryQuery(Query()))
        assert [series.entity_id for series in found.series] == [road(2).id]

    run(scenario, tmp_path)


def test_a_tenant_of_the_same_name_has_files_of_its_own(tmp_path):
    async def scenario(store):
        for value in (1.5, 2.5):
            await store.observe([observation(road(1), 1, value)], tenant="t")
            await store.roll(FAR, tenant="t")
            found = await store.history(HistoryQuery(Query()), tenant="t")
            assert [point.value for point in found.series[0].observations] == [value]
            if value == 1.5:
                await store.drop("t")

    run(scenario, tmp_path)


def test_open_files_are_bounded(tmp_path):
    async def scenario(store):
        points = [observation(road(1), 31 * 24 * month, float(month)) for month in range(40)]
        await store.observe(points)
        await store.roll(FAR)
        found = await store.history(HistoryQuery(Query()))
        assert len(found.series[0].observations) == 40
        assert open_files(tmp_path) <= 24

    if not HANDLES.exists():
        pytest.skip("this system does not tell which files are open")
    run(scenario, tmp_path)


def open_files(folder):
    targets = [os.path.realpath(handle) for handle in HANDLES.iterdir()]
    return sum(target.startswith(str(folder)) and target.endswith(".parquet") for target in targets)
