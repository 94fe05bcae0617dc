"""The contract that every city package has to keep, as tests: a city's own tests begin by deriving from it.

Derive a test class from ``CityPackageContract`` and say where the package lies. It then holds that there is nothing to
mend, that samples are small and each has its licence, that every row of every source is accounted for, and that the
pipeline still gives the committed tables byte for byte, where the data that it reads are at hand.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from sympolis.acquisition.ledger import MemoryLedger, RunState, RunSummary
from sympolis.city import acquiring, check, package, samples
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

TABLES = (".csv", ".geojson", ".parquet", ".xlsx", ".zip")
LICENCES = "LICENSES.md"
Runs = Mapping[str, RunSummary]


def ingested(folder: Path) -> Runs:
    """Every source of a package taken into a memory store: the runs by source."""
    city = package.load(folder)
    terms = Contexts().resolve_local(city.context["@context"])
    found = acquiring.coordinator(
        city, Broker(MemoryStore()), terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    return {run.source: run for run in asyncio.run(found.run_all())}


class CityPackageContract:
    """Tests of the package in ``folder``."""

    folder: ClassVar[Path]
    largest_mb: ClassVar[float] = 8.0
    """What all samples together may weigh: they travel with the package."""
    pack: ClassVar[Path | None] = None
    """The data that the pipeline reads, where they are at hand."""
    held: ClassVar[Mapping[str, int]] = {}
    """Rows that are held back on purpose, by source: what the data lack or contradict."""

    @pytest.fixture
    def runs(self) -> Runs:
        """One run of each source; give it otherwise where a source is too large for a test."""
        return ingested(self.folder)

    def test_there_is_nothing_to_mend(self) -> None:
        assert [str(finding) for finding in check.check(self.folder)] == []

    def test_samples_are_small(self) -> None:
        total = sum(path.stat().st_size for path in (self.folder / "samples").rglob("*") if path.is_file())
        assert total <= self.largest_mb * 1e6

    def test_every_table_has_its_licence(self) -> None:
        kept = self.folder / "samples"
        said = (kept / LICENCES).read_text(encoding="utf-8")
        tables = sorted(path.relative_to(kept) for path in kept.rglob("*") if path.suffix in TABLES)
        assert [str(path) for path in tables if f"`{path}`" not in said] == []

    def test_every_source_names_its_owner_and_licence_in_every_language(self) -> None:
        city = package.load(self.folder)
        for source in city.sources.values():
            assert source.url.startswith("https://"), source.id
            assert source.owner and source.licence, source.id
            assert set(source.title) >= set(city.facts.languages), source.id

    def test_every_row_is_accounted_for(self, runs: Runs) -> None:
        assert {run.source: run.error for run in runs.values() if run.state is not RunState.DONE} == {}
        assert all(run.reconciles for run in runs.values())
        assert {name: run.quarantined for name, run in runs.items() if run.quarantined} == dict(self.held)

    def test_the_context_defines_each_term_once(self) -> None:
        for file in (self.folder / "contexts").glob("*.jsonld"):
            pairs = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list)
            names = [name for name, _ in dict(pairs)["@context"]]
            assert len(names) == len(set(names)), file.name

    def test_the_pipeline_gives_the_committed_tables(self, tmp_path: Path) -> None:
        if self.pack is None or not self.pack.is_dir():
            pytest.skip("the data that the pipeline reads are not at hand")
        samples.build(self.folder, self.pack, tmp_path)
        committed = self.folder / "samples"
        built = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
        kept = {path.relative_to(committed) for path in committed.rglob("*") if path.is_file()}
        assert kept - built == {Path(LICENCES)}
        changed = (
            name for name in built if (tmp_path / name).read_bytes() != (committed / name).read_bytes()
        )
        assert sorted(map(str, changed)) == []
