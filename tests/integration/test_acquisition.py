"""The small city's sources through the coordinator: counts that add up, quarantine, replay, reruns, failures."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ledger import Ledger, MemoryLedger, RowState, RunState
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.plugins import loader
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.ledger import EmbeddedLedger
from sympolis.stores.memory import MemoryStore
from sympolis.testing.small_city import BAD_ROW, DAYS, LOOPS, count_at, loop_id, street_id, write_package

TERMS = "https://smallville.example/terms/"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
T = TypeVar("T")


@dataclass
class Twin:
    """A city's acquisition, opened anew from its folder as often as a test wants."""

    folder: Path
    broker: Broker
    ledger: Ledger

    @property
    def coordinator(self) -> Coordinator:
        city = package.load(self.folder)
        terms = Contexts().resolve_local(city.context["@context"])
        connectors = loader.connectors()
        return acquiring.coordinator(
            city, self.broker, terms, connectors=connectors, ledger=self.ledger, clock=lambda: NOW
        )

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def series(self, entity_id: str) -> list[tuple[datetime, Any]]:
        found = self.do(self.broker.history(HistoryQuery(Query(ids=(entity_id,)))))
        return [(point.at, point.value) for series in found.series for point in series.observations]


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return Twin(write_package(tmp_path / "smallville"), Broker(MemoryStore()), MemoryLedger())


@pytest.fixture
def fed(twin: Twin) -> Twin:
    twin.do(twin.coordinator.run_all())
    return twin


ROWS = LOOPS * len(DAYS)


def test_every_row_is_accounted_for(twin: Twin) -> None:
    runs = {run.source: run for run in twin.do(twin.coordinator.run_all())}
    counts = runs["counts"]
    assert (counts.read, counts.accepted, counts.quarantined) == (ROWS, ROWS - 1, 1)
    assert counts.observations == (ROWS - 1) * 24
    assert counts.newest_observation == datetime(2024, 3, 9, 22, tzinfo=UTC)
    assert all(run.reconciles and run.state is RunState.DONE for run in runs.values())


def test_entities_carry_values_units_and_provenance(fed: Twin) -> None:
    street = fed.do(fed.broker.retrieve(street_id(2)))
    length = street.attribute(TERMS + "length")
    assert length is not None
    assert (length.value, length.unit_code) == (1000.0, "MTR")
    [source] = length.attributes[TERMS + "providedBy"]
    described = fed.do(fed.broker.retrieve(source.value))
    assert described.value(TERMS + "licence") == "CC0-1.0"


def test_the_newest_observation_is_the_current_value(fed: Twin) -> None:
    current = fed.do(fed.broker.retrieve(loop_id(1))).attribute(TERMS + "intensity")
    assert current is not None
    assert (current.value, current.observed_at) == (count_at(1, 23), datetime(2024, 3, 9, 22, tzinfo=UTC))
    assert len(fed.series(loop_id(1))) == 24 * len(DAYS)


def test_a_bad_row_is_held_with_its_reason_and_nothing_of_it_is_written(fed: Twin) -> None:
    total, [row] = fed.coordinator.quarantine("counts")
    assert (total, row.row_number, row.state) == (1, BAD_ROW, RowState.HELD)
    assert [(reason.field, reason.rule) for reason in row.reasons] == [("h08", "range")]
    assert len(fed.series(loop_id(BAD_ROW - 1))) == 24 * (len(DAYS) - 1)


def test_a_corrected_row_is_replayed_into_the_twin(fed: Twin) -> None:
    [row] = fed.coordinator.quarantine("counts")[1]
    done = fed.do(fed.coordinator.replay("counts", row.id, {"h08": "308"}))
    assert done.state is RowState.REPLAYED
    assert (datetime(2024, 3, 4, 7, tzinfo=UTC), 308) in fed.series(loop_id(BAD_ROW - 1))
    [kept] = fed.coordinator.quarantine("counts")[1]
    assert (kept.state, kept.corrected, kept.fields["h08"]) == (RowState.REPLAYED, {"h08": "308"}, "-5")


def test_replaying_twice_changes_nothing_more(fed: Twin) -> None:
    [row] = fed.coordinator.quarantine("counts")[1]
    fed.do(fed.coordinator.replay("counts", row.id, {"h08": "308"}))
    before = fed.series(loop_id(BAD_ROW - 1))
    assert fed.do(fed.coordinator.replay("counts", row.id, {})).state is RowState.REPLAYED
    assert fed.series(loop_id(BAD_ROW - 1)) == before


def test_a_correction_that_is_still_wrong_stays_held_with_the_new_reason(fed: Twin) -> None:
    [row] = fed.coordinator.quarantine("counts")[1]
    still = fed.do(fed.coordinator.replay("counts", row.id, {"h08": "many"}))
    assert still.state is RowState.HELD
    assert [reason.rule for reason in still.reasons] == ["type"]
    assert fed.coordinator.quarantine("counts")[1][0].state is RowState.HELD


@pytest.mark.parametrize(("source", "row"), [("count", "x"), ("counts", "x")])
def test_replaying_what_is_not_there_is_refused(fed: Twin, source: str, row: str) -> None:
    with pytest.raises(errors.NotFound):
        fed.do(fed.coordinator.replay(source, row, {}))


def test_a_correction_of_an_unknown_field_is_refused(fed: Twin) -> None:
    [row] = fed.coordinator.quarantine("counts")[1]
    with pytest.raises(errors.BadRequestData) as refused:
        fed.do(fed.coordinator.replay("counts", row.id, {"h8": "3"}))
    assert refused.value.where == "h8"
    assert "did you mean 'h" in refused.value.hint


@pytest.mark.parametrize("odd", [10**30, {"deep": [1]}, [], "\ud800", float("nan"), True])
def test_an_odd_correction_is_judged_not_stumbled_over(fed: Twin, odd: Any) -> None:
    [row] = fed.coordinator.quarantine("counts")[1]
    still = fed.do(fed.coordinator.replay("counts", row.id, {"h08": odd, "date": odd, "loop": odd}))
    assert still.state is RowState.HELD


def test_a_corrected_geometry_must_be_one(fed: Twin) -> None:
    [row] = fed.coordinator.quarantine("counts")[1]
    with pytest.raises(errors.BadRequestData, match="GeoJSON geometry"):
        fed.do(fed.coordinator.replay("counts", row.id, {"geometry": "POINT (11 44)"}))


def test_a_rerun_of_the_same_data_is_skipped(fed: Twin) -> None:
    before = fed.do(fed.broker.status()).position
    again = fed.do(fed.coordinator.run("counts"))
    assert again.skipped
    assert (again.accepted, again.unchanged, again.quarantined) == (0, ROWS - 1, 1)
    assert again.reconciles
    assert fed.do(fed.broker.status()).position == before


def test_a_forced_rerun_finds_everything_unchanged(fed: Twin) -> None:
    again = fed.do(fed.coordinator.run("counts", force=True))
    assert (again.read, again.accepted, again.unchanged, again.quarantined) == (ROWS, 0, ROWS - 1, 1)
    assert again.newest_observation == datetime(2024, 3, 9, 22, tzinfo=UTC)
    assert fed.coordinator.quarantine("counts")[0] == 1


def test_only_the_changed_row_is_written_again(fed: Twin) -> None:
    fed.edit("samples/counts.csv", "0,2024-03-04,100,", "0,2024-03-04,999,")
    again = fed.do(fed.coordinator.run("counts"))
    assert (again.accepted, again.unchanged, again.quarantined) == (1, ROWS - 2, 1)
    assert (datetime(2024, 3, 3, 23, tzinfo=UTC), 999) in fed.series(loop_id(0))


def test_a_changed_mapping_reads_everything_anew(fed: Twin) -> None:
    fed.edit("mappings/streets.toml", 'version = "1"', 'version = "2"')
    assert fed.do(fed.coordinator.run("streets")).accepted == 8


def test_a_row_mended_at_its_source_leaves_quarantine(fed: Twin) -> None:
    fed.edit("samples/counts.csv", ",-5,", ",305,")
    again = fed.do(fed.coordinator.run("counts"))
    assert (again.accepted, again.quarantined) == (1, 0)
    [row] = fed.coordinator.quarantine("counts")[1]
    assert row.state is RowState.DISMISSED


def test_a_row_that_waited_for_its_entity_is_taken_once_it_is_there(twin: Twin) -> None:
    early = twin.do(twin.coordinator.run("counts"))
    assert (early.accepted, early.quarantined) == (0, ROWS)
    rules = {reason.rule for row in twin.coordinator.quarantine("counts")[1] for reason in row.reasons}
    assert rules == {"reference", "range"}
    twin.do(twin.coordinator.run("loops"))
    later = twin.do(twin.coordinator.run("counts"))
    assert (later.accepted, later.quarantined) == (ROWS - 1, 1)
    states = [row.state for row in twin.coordinator.quarantine("counts")[1]]
    assert sorted(states) == [RowState.HELD, *[RowState.REPLAYED] * (ROWS - 1)]


def test_repeated_rows_are_duplicates_and_contradicting_ones_are_held(twin: Twin) -> None:
    path = twin.folder / "samples/counts.csv"
    _, first, second, *_ = path.read_text().splitlines()
    contradiction = first.replace(",100,", ",101,", 1)
    path.write_text(path.read_text() + "\n".join([first, second, contradiction, contradiction]) + "\n")
    run = {run.source: run for run in twin.do(twin.coordinator.run_all())}["counts"]
    assert (run.read, run.duplicates, run.quarantined) == (ROWS + 4, 3, 2)
    assert run.reconciles
    reasons = [row.reasons[0] for row in twin.coordinator.quarantine("counts")[1]]
    assert [(reason.field, reason.rule) for reason in reasons] == [("h08", "range"), ("loop", "duplicate")]


def test_a_dry_run_judges_and_writes_nothing(twin: Twin) -> None:
    twin.do(twin.coordinator.run("loops"))
    before = twin.do(twin.broker.status())
    run = twin.do(twin.coordinator.run("counts", dry_run=True))
    assert (run.dry_run, run.accepted, run.quarantined) == (True, ROWS - 1, 1)
    assert twin.do(twin.broker.status()) == before
    assert twin.coordinator.quarantine("counts")[0] == 0
    assert twin.ledger.runs("counts") == []


def test_a_source_that_cannot_be_read_fails_alone_and_says_why(twin: Twin) -> None:
    coordinator = twin.coordinator
    (twin.folder / "samples/streets.geojson").write_text("{")
    runs = {run.source: run for run in twin.do(coordinator.run_all())}
    assert runs["streets"].state is RunState.FAILED
    assert "streets.geojson" in str(runs["streets"].error)
    assert runs["counts"].state is RunState.DONE
    assert {status.planned.source.id: status.status for status in coordinator.sources()} == {
        "streets": "failed",
        "loops": "closed",
        "areas": "closed",
        "counts": "closed",
    }


def test_a_file_that_is_gone_fails_the_source_and_names_it(twin: Twin) -> None:
    coordinator = twin.coordinator
    (twin.folder / "samples/streets.geojson").unlink()
    run = twin.do(coordinator.run("streets"))
    assert run.state is RunState.FAILED
    assert "streets.geojson" in str(run.error)


def test_a_field_the_source_does_not_have_fails_before_anything_is_written(twin: Twin) -> None:
    twin.edit("mappings/streets.toml", 'field = "capacity"', 'field = "capcity"')
    run = twin.do(twin.coordinator.run("streets"))
    assert run.state is RunState.FAILED
    assert "mappings/streets.toml" in str(run.error)
    assert "did you mean 'capacity'" in str(run.error)
    assert twin.do(twin.broker.status()).entities == 0


def test_a_source_cut_short_fails_and_its_counts_still_add_up(twin: Twin) -> None:
    twin.edit("sources/streets.toml", "min_rows = 1", "min_rows = 9")
    run = twin.do(twin.coordinator.run("streets"))
    assert (run.state, run.read, run.accepted, run.reconciles) == (RunState.FAILED, 8, 8, True)
    assert "expected at least 9" in str(run.error)


def test_a_source_that_stops_in_the_middle_keeps_what_was_written(twin: Twin) -> None:
    twin.do(twin.coordinator.run("loops"))
    path = twin.folder / "samples/counts.csv"
    header, first, *_ = path.read_text().splitlines()
    more = [f"{n % LOOPS},{2000 + n // 12}-{n % 12 + 1:02d}-01" + ",1" * 24 for n in range(200)]
    many = [line for _ in range(11) for line in more]
    path.write_bytes("\n".join([header, first, *many]).encode() + b"\n0,2024-01-01,\xff\n")
    run = twin.do(twin.coordinator.run("counts"))
    assert run.state is RunState.FAILED
    assert "utf-8" in str(run.error)
    assert run.reconciles
    assert run.read == 2000
    assert twin.do(twin.broker.status()).observations == run.observations > 0


def test_a_feed_that_falls_behind_is_stale(twin: Twin) -> None:
    twin.edit("sources/counts.toml", "[expectations]", '[expectations]\nmax_age = "P30D"')
    twin.do(twin.coordinator.run_all())
    status = {item.planned.source.id: item.status for item in twin.coordinator.sources()}
    assert (status["counts"], status["streets"]) == ("stale", "closed")


def test_what_is_read_again_is_fresh_only_where_somebody_says_how_old_it_may_be(twin: Twin) -> None:
    twin.edit("sources/counts.toml", 'id = "counts"', 'id = "counts"\nschedule = "P1D"')
    twin.do(twin.coordinator.run_all())
    assert {item.planned.source.id: item.status for item in twin.coordinator.sources()}[
        "counts"
    ] == "unjudged"
    twin.edit("sources/counts.toml", "[expectations]", '[expectations]\nmax_age = "P36500D"')
    twin.do(twin.coordinator.run_all())
    assert {item.planned.source.id: item.status for item in twin.coordinator.sources()}["counts"] == "fresh"


def test_before_the_first_run_a_source_has_never_been_read(twin: Twin) -> None:
    assert {item.status for item in twin.coordinator.sources()} == {"never"}


def test_progress_only_rises_and_ends_at_one(twin: Twin) -> None:
    shares: list[float] = []
    twin.do(twin.coordinator.run_all(lambda share, _text: shares.append(share)))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_what_is_shown_of_a_source(fed: Twin) -> None:
    shown = fed.coordinator.source("counts")
    assert shown["entity_type"] == "ItemFlowObserved"
    assert shown["mapping"]["version"] == "1"
    assert shown["expectations"]["known_entity"] is True
    assert shown["last_run"]["quarantined"] == 1
    assert [run["id"] for run in shown["runs"]] == [shown["last_run"]["id"]]


def test_books_and_twin_survive_a_restart(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "smallville")

    async def start() -> Any:
        store, ledger = EmbeddedStore.open(tmp_path / "data"), EmbeddedLedger.open(tmp_path)
        runs = await Twin(folder, Broker(store), ledger).coordinator.run_all()
        status = await store.status()
        await store.close()
        ledger.close()
        return runs, status

    first, before = asyncio.run(start())
    second, after = asyncio.run(start())
    assert not any(run.skipped for run in first)
    assert all(run.skipped for run in second)
    assert (before.position, before.observations) == (after.position, after.observations)
