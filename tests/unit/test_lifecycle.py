"""The life of a dataset: which steps there are, what is kept of them, what the public may know of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from sympolis.domain import errors
from sympolis.domain.steps import read_reason, read_state
from sympolis.governance.lifecycle.lifecycle import Lifecycle
from sympolis.governance.lifecycle.stages import RIGHTS, Stage, Step, next_stages
from sympolis.stores.embedded.identity import EmbeddedDirectory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Packaged:
    names: frozenset[str] = frozenset({"roads"})

    def is_released(self, dataset: str) -> bool:
        return dataset in self.names


def lifecycle(directory=None):
    return Lifecycle(directory or EmbeddedDirectory.in_memory(), Packaged(), clock=lambda: NOON)


def test_a_dataset_begins_as_the_package_says():
    life = lifecycle()
    assert (life.stage("roads"), life.stage("counts")) == (Stage.RELEASED, Stage.DRAFT)
    assert life.is_released("roads")
    assert not life.is_released("counts")
    assert life.history("roads") == ()


def test_the_whole_life_with_who_and_why():
    life = lifecycle()
    for to in (Stage.IN_REVIEW, Stage.RELEASED, Stage.DEPRECATED, Stage.DRAFT):
        life.move("counts", to, by="anna", why=f"to {to}")
        assert life.stage("counts") is to
        assert life.is_released("counts") == (to in (Stage.RELEASED, Stage.DEPRECATED))
    assert life.history("counts")[0] == Step(Stage.IN_REVIEW, NOON, "anna", "to in-review")
    assert len(life.history("counts")) == 4


def test_nothing_is_released_that_nobody_reviewed():
    with pytest.raises(errors.Conflict, match="counts is draft: it cannot become released") as refused:
        lifecycle().move("counts", Stage.RELEASED, by="anna", why="at once")
    assert refused.value.hint == "possible now: in-review"


def test_two_who_decide_at_once_do_not_overrule_each_other():
    directory = EmbeddedDirectory.in_memory()
    one = lifecycle(directory)
    one.move("counts", Stage.IN_REVIEW, by="anna", why="complete now")
    assert not directory.add_step("counts", Step(Stage.RELEASED, NOON, "ugo", "seen"), after=0)
    assert one.stage("counts") is Stage.IN_REVIEW


def test_what_was_decided_outlives_the_process_and_is_seen_by_another(tmp_path):
    here, there = EmbeddedDirectory.open(tmp_path), EmbeddedDirectory.open(tmp_path)
    clock = iter(range(100))
    other = Lifecycle(there, Packaged(), monotonic=lambda: float(2 * next(clock)))
    assert other.stage("roads") is Stage.RELEASED
    lifecycle(here).move("roads", Stage.DRAFT, by="anna", why="wrong projection")
    assert other.stage("roads") is Stage.DRAFT
    for directory in (here, there):
        directory.close()
    again = EmbeddedDirectory.open(tmp_path)
    assert [step.why for step in lifecycle(again).history("roads")] == ["wrong projection"]
    again.close()


def test_every_stage_can_be_left():
    assert {begin for begin, _ in RIGHTS} == set(Stage)
    assert all(next_stages(stage) for stage in Stage)


@pytest.mark.parametrize("text", ["published", None, 3])
def test_an_unknown_stage_is_refused_with_the_known_ones(text):
    with pytest.raises(errors.BadRequestData) as refused:
        read_state(Stage, text, where="stage")
    assert "in-review" in (refused.value.hint or "")


@pytest.mark.parametrize("text", ["", "  x ", None, "x" * 2001])
def test_a_step_needs_a_reason(text):
    with pytest.raises(errors.BadRequestData, match="reason"):
        read_reason(text)
