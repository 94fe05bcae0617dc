"""The contract that every acquisition ledger has to keep, as tests.

Derive a test class from ``LedgerContract`` and give it the fixture ``ledger``; pytest then runs all of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sympolis.acquisition.evaluation import Evaluation, Measure
from sympolis.acquisition.ledger import Ledger, QuarantinedRow, RowState, RunState, RunSummary
from sympolis.acquisition.quality import Reason

START = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)


def a_run(number: int, **changes: object) -> RunSummary:
    """A finished run of the source ``air``; later numbers started later."""
    at = START + timedelta(hours=number)
    run = RunSummary(id=f"run-{number}", source="air", started_at=at, finished_at=at, read=5, accepted=5)
    return replace(run, **changes)  # type: ignore[arg-type]


def an_evaluation(number: int, **changes: object) -> Evaluation:
    """Figures of the source ``air``; later numbers are newer."""
    share = Measure(metric="accepted", dimension="validity", value=0.9, expected="at least 0.7", passed=True)
    found = Evaluation(
        id=f"run-{number}",
        source="air",
        at=START + timedelta(hours=number),
        occasion="arrival",
        rows=5,
        measures=(share, replace(share, metric="filled", attribute="no2", passed=None)),
        findings=({"rule": "shrunk", "refuses": True, "text": {"en": "half"}},),
        profile={"no2": {-1: (12.5, 3), 167: (8.0, 1)}},
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def a_row(number: int, **changes: object) -> QuarantinedRow:
    """A held row of the source ``air``."""
    row = QuarantinedRow(
        id=f"{number:016x}",
        source="air",
        row_number=number,
        fields={"station": "x", "no2": -1, "flags": ["a", None]},
        geometry={"type": "Point", "coordinates": [11.3, 44.5]},
        reasons=(Reason("no2", "range", "-1 is below what is plausible", "0 to 500"),),
        run="run-1",
        at=START,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


class LedgerContract:
    """Tests against the fixture ``ledger``, an empty one."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        """The ledger under test."""
        raise NotImplementedError("derive from LedgerContract and give it the fixture `ledger`")

    def test_runs_come_back_whole_and_newest_first(self, ledger: Ledger) -> None:
        failed = a_run(2, state=RunState.FAILED, error="no such file", newest_observation=START)
        for run in (a_run(1), a_run(3), failed):
            ledger.record_run(run)
        assert ledger.runs("air") == [a_run(3), failed, a_run(1)]
        assert ledger.runs("air", limit=1) == [a_run(3)]
        assert ledger.runs("traffic") == []

    def test_figures_come_back_whole_and_newest_first(self, ledger: Ledger) -> None:
        first, second = an_evaluation(1), an_evaluation(2, taken=False)
        for one in (second, first, second):
            ledger.record_evaluation(one)
        assert ledger.evaluations("air") == [second, first]
        assert ledger.evaluations("air", limit=1) == [second]
        assert ledger.evaluations("traffic") == []

    def test_a_run_recorded_again_is_overwritten(self, ledger: Ledger) -> None:
        ledger.record_run(a_run(1))
        ledger.record_run(a_run(1, accepted=4, quarantined=1))
        assert [run.quarantined for run in ledger.runs("air")] == [1]

    def test_the_last_fingerprint_of_a_key_counts(self, ledger: Ledger) -> None:
        largest = 2**63 - 1
        ledger.record_fingerprints("air", {1: 10, largest: largest})
        ledger.record_fingerprints("air", {1: 11})
        assert ledger.fingerprints("air") == {1: 11, largest: largest}
        assert ledger.fingerprints("traffic") == {}

    def test_a_held_row_comes_back_whole(self, ledger: Ledger) -> None:
        ledger.hold([a_row(7)])
        assert ledger.row("air", a_row(7).id) == a_row(7)
        assert ledger.row("air", "0") is None
        assert ledger.row("traffic", a_row(7).id) is None

    def test_rows_are_paged_by_row_number(self, ledger: Ledger) -> None:
        ledger.hold([a_row(number) for number in (30, 4, 17)])
        total, page = ledger.rows("air", limit=2)
        assert (total, [row.row_number for row in page]) == (3, [4, 17])
        total, page = ledger.rows("air", limit=2, offset=2)
        assert (total, [row.row_number for row in page]) == (3, [30])

    def test_rows_are_filtered_by_state(self, ledger: Ledger) -> None:
        ledger.hold([a_row(1), a_row(2)])
        ledger.settle("air", [a_row(1).id], RowState.REPLAYED, {"no2": 1})
        assert [row.row_number for row in ledger.rows("air", state=RowState.HELD)[1]] == [2]
        total, page = ledger.rows("air", state=RowState.REPLAYED)
        assert (total, page[0].corrected) == (1, {"no2": 1})

    def test_a_replayed_row_stays_replayed_when_it_comes_again(self, ledger: Ledger) -> None:
        ledger.hold([a_row(1)])
        ledger.settle("air", [a_row(1).id], RowState.REPLAYED, {"no2": 1})
        ledger.hold([a_row(1, run="run-2")])
        found = ledger.row("air", a_row(1).id)
        assert found is not None
        assert (found.state, found.corrected) == (RowState.REPLAYED, {"no2": 1})

    def test_a_dismissed_row_is_held_again_when_it_comes_again(self, ledger: Ledger) -> None:
        ledger.hold([a_row(1)])
        ledger.settle("air", [a_row(1).id], RowState.DISMISSED, {})
        ledger.hold([a_row(1, run="run-2")])
        assert ledger.states("air") == {a_row(1).id: (RowState.HELD, "run-2")}

    def test_corrections_add_up(self, ledger: Ledger) -> None:
        ledger.hold([a_row(1)])
        ledger.settle("air", [a_row(1).id], RowState.HELD, {"no2": 1})
        ledger.settle("air", [a_row(1).id], RowState.REPLAYED, {"station": "y"})
        found = ledger.row("air", a_row(1).id)
        assert found is not None
        assert found.corrected == {"no2": 1, "station": "y"}

    def test_a_row_that_is_not_there_cannot_be_settled(self, ledger: Ledger) -> None:
        with pytest.raises(KeyError):
            ledger.settle("air", ["0"], RowState.REPLAYED, {})

    def test_rows_are_forgotten_for_good(self, ledger: Ledger) -> None:
        ledger.hold([a_row(number) for number in (1, 2, 3)])
        ledger.settle("air", [a_row(1).id], RowState.REPLAYED, {})
        ledger.forget_rows("air", [a_row(1).id, "unknown"])
        ledger.forget_rows("traffic", None)
        assert sorted(ledger.states("air")) == sorted([a_row(2).id, a_row(3).id])
        ledger.forget_rows("air", None)
        assert (ledger.rows("air"), ledger.row("air", a_row(2).id)) == ((0, []), None)
