"""Processes that were deployed over the interface: kept as the packages that came, services while they are there.

A package is read anew at each start: what no longer fits the twin's models is left aside and said in the log, its file
stays. Services of the city package are built in and cannot be replaced or removed here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.domain import errors
from sympolis.orchestration import application_package, files
from sympolis.orchestration.application_package import MODEL, SERVICE, Find
from sympolis.orchestration.scenario_desk import ScenarioDesk
from sympolis.orchestration.service import ServiceSetup
from sympolis.orchestration.service_desk import ServiceDesk

log = logging.getLogger(__name__)

MOST = 200
"""Deployed at once: each is a service in everybody's list."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A package as it came, who sent it and when."""

    package: Mapping[str, Any]
    by: str
    at: datetime


class DeployDesk:
    """Deploys, replaces and undeploys processes; see the module."""

    def __init__(
        self,
        services: ServiceDesk,
        scenarios: ScenarioDesk,
        find: Find,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._services = services
        self._scenarios = scenarios
        self._find = find
        self._folder = folder
        self._now = now
        self._kept: dict[str, Deployed] = {}
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Take what was deployed before."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                kept = msgspec.convert(files.find_json(path), Deployed)
                self._services.put(await self._read(kept.package))
            except (errors.SympolisError, msgspec.ValidationError) as cause:
                log.warning(
                    "a deployed process was left aside", extra={"file": path.name, "cause": str(cause)}
                )
                continue
            self._kept[path.stem] = kept

    async def deploy(self, package: Any, *, by: str) -> str:
        """Take a package; the id of its process.

        Raises ``InvalidRequest``, ``NotImplementedHere``, ``AlreadyExists`` (a deployed one), ``Forbidden`` (one that
        is built in), ``Conflict`` (too many).
        """
        self._refuse_built_in(str(application_package.process_of(package).get("id")))
        process_id = application_package.process_id(package)
        async with self._changing:
            if process_id in self._kept:
                hint = "replace it with PUT"
                raise errors.AlreadyExists(
                    "a process of this id is deployed already", where=process_id, hint=hint
                )
            if len(self._kept) >= MOST:
                raise errors.Conflict(f"{MOST} processes are deployed already", hint="undeploy some")
            await self._keep(process_id, package, by)
        return process_id

    async def replace(self, process_id: str, package: Any, *, by: str) -> None:
        """Take a package in place of another. Raises as ``deploy``, and ``NotFound``."""
        async with self._changing:
            self._mutable(process_id)
            if application_package.process_id(package) != process_id:
                where = "processDescription.process.id"
                raise errors.InvalidRequest(
                    "is another process's id", where=where, hint=f"expected {process_id}"
                )
            await self._keep(process_id, package, by)

    async def undeploy(self, process_id: str) -> None:
        """Forget a process; its jobs and their results stay. Raises ``NotFound``, ``Forbidden``."""
        async with self._changing:
            self._mutable(process_id)
            await asyncio.to_thread((self._folder / f"{process_id}.json").unlink, missing_ok=True)
            del self._kept[process_id]
            self._services.drop(process_id.removeprefix(SERVICE))

    def package(self, process_id: str) -> Mapping[str, Any]:
        """The package of a process as it was sent. Raises ``NotFound``, also for what is built in."""
        found = self._kept.get(process_id)
        if found is None:
            hint = "only what was deployed has one"
            raise errors.NotFound(f"there is no package of {process_id!r}", where="processID", hint=hint)
        return found.package

    # --- parts

    def _mutable(self, process_id: str) -> None:
        if process_id not in self._kept:
            self._refuse_built_in(process_id)
            raise errors.NotFound(f"there is no process {process_id!r}", where="processID")

    def _refuse_built_in(self, process_id: str) -> None:
        kind, _, name = process_id.partition("-")
        if process_id in self._kept or f"{kind}-" not in (SERVICE, MODEL):
            return
        look: Callable[[str], Any] = self._services.setup if f"{kind}-" == SERVICE else self._find
        try:
            look(name)
        except errors.NotFound:
            return
        raise errors.Forbidden(
            "this process is part of the twin and cannot be changed here", where=process_id
        )

    async def _keep(self, process_id: str, package: Any, by: str) -> None:
        setup = await self._read(package)
        kept = Deployed(package, by, self._now())
        await asyncio.to_thread(files.write_json, self._folder / f"{process_id}.json", kept)
        self._kept[process_id] = kept
        self._services.put(setup)

    async def _read(self, package: Any) -> ServiceSetup:
        setup = application_package.read_package(package, self._find)
        models = [step.model for step in setup.steps]
        for place, name in enumerate(setup.scenarios):
            where = f"executionUnit.scenarios[{place}]"
            try:
                scenario = await self._scenarios.get(name)
            except errors.NotFound as missing:
                raise errors.InvalidRequest(missing.message, where=where) from missing
            if scenario.simulator not in models:
                raise errors.InvalidRequest("is of a model that is not in the chain", where=where)
        return setup
