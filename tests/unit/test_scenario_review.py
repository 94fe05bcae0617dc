"""Reviews of scenarios as they are kept: statuses of versions, contents, who is named, what is thinned out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sympolis.decision.review import STEPS, Record, Step, check_step, next_statuses
from sympolis.domain import errors
from sympolis.domain.scenario import Scenario, ScenarioStatus
from sympolis.orchestration import review_book
from sympolis.orchestration.review_book import ReviewBook, content_of

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
ONE = Scenario(id="quiet", title={"en": "Quiet"}, question={}, simulator="toy")


def step(status: ScenarioStatus, version: int = 1, by: str = "anna", scenario: Scenario = ONE) -> Step:
    return Step(status=status, version=version, at=AT, by=by, why="it is time", content=content_of(scenario))


def book(folder: Path) -> ReviewBook:
    found = ReviewBook(folder)
    found.open()
    return found


def test_every_status_can_be_reached_and_left() -> None:
    assert {to for _, to in STEPS} == set(ScenarioStatus)
    assert {begin for begin, _ in STEPS} == set(ScenarioStatus)
    everything = {right for rights in STEPS.values() for right in rights}
    for status in ScenarioStatus:
        assert next_statuses(status, everything) == [to for begin, to in STEPS if begin is status]
        assert next_statuses(status, ()) == []


def test_where_nobody_is_asked_who_they_are_one_person_may_do_all() -> None:
    def approve(*, known: bool) -> None:
        check_step(
            ScenarioStatus.SUBMITTED,
            ScenarioStatus.REVIEWED,
            rights=("scenarios.review",),
            by="operator",
            makers=("operator",),
            known=known,
        )

    approve(known=False)
    with pytest.raises(errors.Forbidden):
        approve(known=True)


def test_a_content_that_was_changed_elsewhere_is_a_draft() -> None:
    record = Record(scenario="quiet", steps=(step(ScenarioStatus.REVIEWED),))
    assert record.status_of(1, content_of(ONE)) is ScenarioStatus.REVIEWED
    assert record.status_of(2, content_of(ONE)) is ScenarioStatus.DRAFT
    assert record.status_of(1, content_of(replace(ONE, base="other"))) is ScenarioStatus.DRAFT


def test_the_approved_version_is_the_newest_that_stands() -> None:
    steps = [
        step(ScenarioStatus.REVIEWED, 1),
        step(ScenarioStatus.REVIEWED, 3),
        step(ScenarioStatus.SUBMITTED, 4),
    ]
    assert Record(scenario="quiet", steps=tuple(steps)).approved_version == 3
    steps.append(step(ScenarioStatus.WITHDRAWN, 3))
    assert Record(scenario="quiet", steps=tuple(steps)).approved_version == 1


def test_what_is_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    kept = Record(scenario="quiet", owner="anna", steps=(step(ScenarioStatus.SUBMITTED),))
    first = book(tmp_path)
    first.keep(kept)
    first.save(ONE, by="anna", at=AT)
    second = book(tmp_path)
    assert second.find("quiet") == kept and second.status(ONE) is ScenarioStatus.SUBMITTED
    assert [one.scenario["title"] for one in second.versions("quiet")] == [{"en": "Quiet"}]
    second.drop("quiet")
    assert book(tmp_path).find("quiet") == Record(scenario="quiet") and not any(tmp_path.iterdir())


def test_old_drafts_are_let_go_and_what_was_approved_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_book, "MOST_VERSIONS", 3)
    kept = book(tmp_path)
    kept.keep(Record(scenario="quiet", steps=(step(ScenarioStatus.ADOPTED, 2),)))
    for version in range(1, 8):
        kept.save(replace(ONE, version=version), by="anna", at=AT)
    assert [one.version for one in kept.versions("quiet")] == [7, 6, 5, 2]


def test_whoever_is_forgotten_is_named_nowhere_and_what_they_did_stays(tmp_path: Path) -> None:
    kept = book(tmp_path)
    steps = (step(ScenarioStatus.SUBMITTED), step(ScenarioStatus.REVIEWED, by="bruno"))
    kept.keep(Record(scenario="quiet", owner="anna", steps=steps))
    kept.save(ONE, by="anna", at=AT)
    assert kept.people() == {"anna", "bruno"} and kept.named("anna") == ["quiet"]
    assert kept.forget("anna") == 1 and kept.forget("anna") == 0
    again = book(tmp_path)
    assert again.people() == {"bruno"} and again.status(ONE) is ScenarioStatus.REVIEWED
    assert b"anna" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*.json"))
