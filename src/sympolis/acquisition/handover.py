"""Files that a department hands over, such as its workbook: examined, told what is wrong, released by a person.

    handovers/<source>/<id>/report.json, file, marked

A file stays apart until somebody releases it; then it is a delivery like one from a portal, and its run is an ordinary
run. So nothing gets into the twin by mail, and every value keeps its sender and version.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries, manifest_of
from sympolis.acquisition.examination import Examination
from sympolis.acquisition.findings import DeliveryUnfit, refusing
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import RunSummary
from sympolis.acquisition.likeness import diagnose
from sympolis.acquisition.remarks import LANGUAGES, remarks_of
from sympolis.acquisition.unpacking import unpack
from sympolis.domain import errors
from sympolis.plugins.connector import Annotating

_REPORT: Final = "report.json"
_FILE: Final = "file"
_MARKED: Final = "marked"
_MOST: Final = 50
"""So many handovers of a source are kept; the oldest go."""
_MOST_PROBLEMS: Final = 1_000
_KEPT: Final = 5
_MOST_BYTES: Final = 200_000_000
"""What comes out of an archive, where the source does not say."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A handover and the verdict on it. ``problem``: why the file as a whole cannot be taken."""

    id: str
    source: str
    name: str
    sender: str
    language: str
    at: datetime
    state: str
    """``checked``, ``doubtful`` (it looks wrong as a whole), ``unusable`` or ``released``."""
    counts: dict[str, int] = {}
    problems: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    """Rows that are new, changed or missing against the delivery before, with the cells that differ."""
    more_differences: int = 0
    """How many rows more differ than are told."""
    problem: str | None = None
    marked: bool = False
    """Whether there is a copy with remarks in it."""
    released_by: str | None = None
    released_at: datetime | None = None
    run: str | None = None
    """The run that took it in."""


def _now() -> datetime:
    return datetime.now(UTC)


class Handovers:
    """The on-ramp of a twin, with its files below ``folder``."""

    def __init__(
        self,
        coordinator: Coordinator,
        deliveries: Deliveries,
        folder: Path,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._coordinator = coordinator
        self._deliveries = deliveries
        self._folder = folder
        self._clock = clock

    async def submit(
        self, source_id: str, content: bytes, *, name: str, sender: str, language: str
    ) -> Report:
        """Keep a file and examine it. Raises ``NotFound`` for the source, ``InvalidRequest`` for the language."""
        if language not in LANGUAGES:
            raise errors.InvalidRequest(f"expected one of {', '.join(LANGUAGES)}", where="lang")
        planned = self._coordinator.planned(source_id)
        now = self._clock()
        handover_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        home = self._folder / source_id / handover_id
        file = home / f"{_FILE}{planned.path.suffix}"
        await asyncio.to_thread(_keep, file, content)
        most = (
            _MOST_BYTES if planned.source.refresh is None else planned.source.refresh.max_size_mb * 1_000_000
        )
        draft = Report(
            id=handover_id,
            source=source_id,
            name=Path(name).name[:200] or file.name,
            sender=sender,
            language=language,
            at=now,
            state="checked",
        )
        report = await self._unpacked(planned, file, draft, most)
        await asyncio.to_thread(self._write, report)
        await asyncio.to_thread(self._let_go, source_id)
        return report

    def all(self, source_id: str) -> list[Report]:
        """The handovers of a source, newest first. Raises ``NotFound`` for the source."""
        self._coordinator.planned(source_id)
        home = self._folder / source_id
        names = sorted((one.name for one in home.iterdir()), reverse=True) if home.is_dir() else []
        return [self._read(source_id, name) for name in names if (home / name / _REPORT).is_file()]

    def get(self, source_id: str, handover_id: str) -> Report:
        """One of them. Raises ``NotFound``."""
        for report in self.all(source_id):
            if report.id == handover_id:
                return report
        raise errors.NotFound(f"there is no handover {handover_id}", where="handover")

    def marked_copy(self, source_id: str, handover_id: str) -> tuple[str, bytes]:
        """Name and bytes of the copy with remarks. Raises ``NotFound`` where there is nothing to remark."""
        report = self.get(source_id, handover_id)
        if not report.marked:
            raise errors.NotFound(
                "there is no marked copy: nothing to remark, or not a workbook", where="handover"
            )
        [path] = (self._folder / source_id / handover_id).glob(f"{_MARKED}*")
        return report.name, path.read_bytes()

    async def release(
        self, source_id: str, handover_id: str, *, by: str, accept: bool = False
    ) -> tuple[Report, RunSummary]:
        """Make it the source's newest delivery and run it; ``accept``: also one that looks wrong as a whole.

        Raises ``Conflict`` where that cannot be.
        """
        report = self.get(source_id, handover_id)
        if report.state not in (("checked", "doubtful") if accept else ("checked",)):
            raise errors.Conflict(
                f"this handover is {report.state}", where="handover", hint=report.problem or ""
            )
        await asyncio.to_thread(self._deliver, report)
        summary = await self._coordinator.run(source_id, force=True, accept=accept)
        released = msgspec.structs.replace(
            report, state="released", released_by=by, released_at=self._clock(), run=summary.id
        )
        await asyncio.to_thread(self._write, released)
        return released, summary

    async def _unpacked(self, planned: PlannedSource, file: Path, draft: Report, most: int) -> Report:
        try:
            await asyncio.to_thread(unpack, file, planned.path.suffix, most)
        except DeliveryUnfit as problem:
            return msgspec.structs.replace(
                draft, state="unusable", problem=problem.finding.told(draft.language)
            )
        return await self._examined(planned, file, draft)

    async def _examined(self, planned: PlannedSource, file: Path, draft: Report) -> Report:
        try:
            found = await self._coordinator.examine(draft.source, file)
        except errors.SympolisError as problem:
            finding = diagnose(planned.reading(file), problem)
            told = finding.told(draft.language) if finding.rule != "unreadable" else _plain(problem)
            return msgspec.structs.replace(draft, state="unusable", problem=told)
        marked = await asyncio.to_thread(self._mark, planned, file, draft.language, found)
        counts = found.to_json(draft.language)
        problems = counts.pop("problems")[:_MOST_PROBLEMS]
        remarkable = [one.told(draft.language) for one in found.findings]
        return msgspec.structs.replace(
            draft,
            counts=counts,
            problems=problems,
            differences=found.differences.to_json(),
            more_differences=found.differences.beyond,
            marked=marked,
            problem=" ".join(remarkable) or None,
            state="doubtful" if refusing(found.findings) else draft.state,
        )

    def _mark(self, planned: PlannedSource, file: Path, language: str, found: Examination) -> bool:
        connector = self._coordinator.connector(planned)
        if not found.refused or not isinstance(connector, Annotating):
            return False
        remarks = remarks_of(found.refused, language)
        to = file.with_name(_MARKED + file.suffix)
        try:
            connector.annotate(planned.reading(file).origin, planned.settings, remarks, to)
        except errors.SourceFailed:  # the remarks stand in the report, too
            return False
        return True

    def _deliver(self, report: Report) -> None:
        home = self._folder / report.source / report.id
        [file] = home.glob(f"{_FILE}*")
        with self._deliveries.draft(report.source) as draft:
            shutil.copyfile(file, draft.file(f"data{file.suffix}"))
            address = f"handover:{report.id}"
            manifest = manifest_of(
                draft, source=report.source, url=address, at=self._clock(), headers={}, paged=False
            )
            self._deliveries.keep(draft, manifest, most=_KEPT)

    def _write(self, report: Report) -> None:
        path = self._folder / report.source / report.id / _REPORT
        path.with_suffix(".new").write_bytes(msgspec.json.encode(report))
        path.with_suffix(".new").replace(path)

    def _read(self, source_id: str, handover_id: str) -> Report:
        content = (self._folder / source_id / handover_id / _REPORT).read_bytes()
        return msgspec.json.decode(content, type=Report)

    def _let_go(self, source_id: str) -> None:
        for report in self.all(source_id)[_MOST:]:
            shutil.rmtree(self._folder / source_id / report.id, ignore_errors=True)


def _keep(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(content)


def _plain(problem: errors.SympolisError) -> str:
    """The problem without the path that the file happens to have here."""
    return f"{problem.message} — {problem.hint}" if problem.hint else problem.message
