"""What a run says, gathered so that it can be cited: all by which it could be made again, and what it found."""

from __future__ import annotations

from typing import Any, Final

from sympolis.decision import dossier
from sympolis.domain import errors
from sympolis.orchestration.desk import Desk

Json = dict[str, Any]

_OF_A_RUN: Final = (
    "id", "scenario", "scenario_version", "scenario_title", "service", "model", "model_version", "mode", "window",
    "seed", "members", "data_version", "key", "finished_at", "parameters", "indicators", "calibration",
    "calibration_id", "upstream", "warnings", "warning_texts", "lineage",
)  # fmt: skip


class Evidence:
    """Reads finished runs of a desk. Each method raises ``NotFound`` for a run that is not there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def finished(self, run: str) -> None:
        """Raises ``Conflict`` where it is not."""
        if (found := await self._desk.run(run))["status"] != "done":
            raise errors.Conflict(f"{run} is {found['status']}", where="runs", hint="wait for its end")

    async def cited(self, run: str) -> Json:
        """The run, its scenario as it reads now, and the digest of its results."""
        document = await self._desk.run(run)
        return {
            **{name: document[name] for name in _OF_A_RUN},
            "parameter_titles": await self._titles(document),
            "scenario_now": await self._scenario(document["scenario"]),
            "results_sha256": dossier.evidence_digest(await self._desk.results(run)),
        }

    async def _titles(self, run: Json) -> Json:
        """What the run's parameters are called, so that a sealed file can be read without the model."""
        try:
            model = await self._desk.model(run["model"])
        except errors.NotFound:  # the city has given the model up: its names have to do
            return {}
        own = {one["name"]: one for one in model["parameters"]}
        own |= {f"{m['name']}.{p['name']}": p for m in model["measures"] for p in m["parameters"]}
        used = {*run["parameters"]["fixed"], *run["parameters"]["sampled"]}
        return {
            name: {"title": one["title"], "unit": one["unit"]} for name, one in own.items() if name in used
        }

    async def compared(self, run: str) -> Json | None:
        """The run against the world as it is; None for a run of that itself."""
        base = (await self._desk.run(run))["baseline"]
        if base is None or base == run:
            return None
        found = await self._desk.compare(base, run)
        return {name: found[name] for name in ("base", "with", "members", "indicators", "equity", "text")}

    async def standing(self, run: str, digest: str) -> str:
        """Whether the run's results are ``as sealed``, ``altered`` or ``gone``."""
        try:
            results = await self._desk.results(run)
        except errors.NotFound:
            return "gone"
        return "as sealed" if dossier.evidence_digest(results) == digest else "altered"

    async def _scenario(self, scenario: str) -> Json | None:
        try:
            found = await self._desk.scenario(scenario)
        except errors.NotFound:  # deleted since it was run: the run still says what it was
            return None
        return {name: found[name] for name in ("id", "version", "title", "question", "overrides", "author")}
