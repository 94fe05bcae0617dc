"""Where reviews of scenarios are kept: a folder for each scenario with its record and its versions as they were.

Versions are kept from the first change on: the newest ``MOST_VERSIONS``, and every one that was ever approved. Files
are written whole or not at all, and backups carry the folder with all else that the desk keeps.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from sympolis.decision.review import Record, Saved
from sympolis.domain.scenario import Scenario, ScenarioStatus
from sympolis.orchestration import files

MOST_VERSIONS: Final = 50
FOLDER: Final = "reviews"
_RECORD: Final = "record.json"
T = TypeVar("T")


def content_of(scenario: Scenario) -> str:
    """The digest of what a scenario says; when, by whom and with which status it was kept is no part of it."""
    said = (scenario.title, scenario.question, scenario.simulator, scenario.overrides)
    return files.key([*said, scenario.window, scenario.base])


class ReviewBook:
    """See the module. Records are held in memory, versions are read when somebody looks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records: dict[str, Record] = {}

    def open(self) -> None:
        """Find what is kept."""
        for path in sorted(self._folder.glob(f"*/{_RECORD}")):
            found = _read(path, Record)
            if found is not None:
                self._records[found.scenario] = found

    def find(self, scenario_id: str) -> Record:
        """What is on record of a scenario; an empty record where nothing is."""
        return self._records.get(scenario_id) or Record(scenario=scenario_id)

    def status(self, scenario: Scenario) -> ScenarioStatus:
        """Where a scenario stands."""
        return self.find(scenario.id).status_of(scenario.version, content_of(scenario))

    def keep(self, record: Record) -> None:
        """Put a record in the place of the one before; durable when this returns."""
        files.write_json(self._folder / record.scenario / _RECORD, record)
        self._records[record.scenario] = record

    def save(self, scenario: Scenario, *, by: str, at: datetime) -> None:
        """Keep a version as it is now, unless it is kept."""
        path = self._path(scenario.id, scenario.version)
        if path.exists():
            return
        if scenario.id not in self._records:
            self.keep(Record(scenario=scenario.id))
        said = msgspec.to_builtins(replace(scenario, status=ScenarioStatus.DRAFT))
        files.write_json(path, Saved(version=scenario.version, at=at, by=by, scenario=said))
        self._thin(scenario)

    def versions(self, scenario_id: str) -> list[Saved]:
        """Every version that is kept, newest first."""
        found = (_read(path, Saved) for path in self._folder.joinpath(scenario_id).glob("version-*.json"))
        return sorted((one for one in found if one is not None), key=lambda one: one.version, reverse=True)

    def version(self, scenario_id: str, number: int) -> Saved | None:
        """One version, if it is kept."""
        return _read(self._path(scenario_id, number), Saved)

    def drop(self, scenario_id: str) -> None:
        """Let go of everything of a scenario."""
        self._records.pop(scenario_id, None)
        folder = self._folder / scenario_id
        for path in folder.glob("*.json"):
            path.unlink(missing_ok=True)
        if folder.exists():
            folder.rmdir()

    def people(self) -> set[str]:
        """Everybody who is named anywhere."""
        return {name for record in self._records.values() for name in self._named(record)} - {""}

    def named(self, person: str) -> list[str]:
        """The scenarios whose record or versions name somebody."""
        return sorted(record.scenario for record in self._records.values() if person in self._named(record))

    def forget(self, person: str) -> int:
        """Take somebody's id out of every record and version; how many scenarios named them. What they did stays."""
        whose = self.named(person)
        for scenario in whose:
            self.keep(_without(self._records[scenario], person))
            for saved in self.versions(scenario):
                if saved.by == person:
                    anonymous = msgspec.structs.replace(saved, by="")
                    files.write_json(self._path(scenario, saved.version), anonymous)
        return len(whose)

    def _named(self, record: Record) -> set[str]:
        saved = {one.by for one in self.versions(record.scenario)}
        return {record.owner, *(step.by for step in record.steps), *saved}

    def _thin(self, scenario: Scenario) -> None:
        approved = {step.version for step in self.find(scenario.id).steps if step.status.is_approved}
        for saved in self.versions(scenario.id)[MOST_VERSIONS:]:
            if saved.version not in approved:
                self._path(scenario.id, saved.version).unlink(missing_ok=True)

    def _path(self, scenario_id: str, number: int) -> Path:
        return self._folder / scenario_id / f"version-{number:06d}.json"


def _without(record: Record, person: str) -> Record:
    steps = tuple(
        msgspec.structs.replace(step, by="") if step.by == person else step for step in record.steps
    )
    owner = "" if record.owner == person else record.owner
    return msgspec.structs.replace(record, owner=owner, steps=steps)


def _read(path: Path, kind: type[T]) -> T | None:
    found = files.find_json(path)
    if found is None:
        return None
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError:
        return None
