"""The twin's learned models: handed in, validated, signed for, asked, retired; every step and every use on record.

Each version has a folder of its own, ``<name>/<version>/`` with what came in its package and a ``record.json`` of its
life. Models run in worker processes: one that hangs or takes too much fails alone, and the server stays light.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.analysis.learned import tensors
from sympolis.analysis.learned.card import CARD, EXAMPLES, NAME, VERSION, Card, Tensor, read_card
from sympolis.analysis.learned.life import NEXT, Stage, Step, check_step
from sympolis.analysis.learned.package import Example, Package, read_package
from sympolis.context import gated
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.orchestration import files
from sympolis.orchestration.worker import call_of
from sympolis.orchestration.workers import Executor

RUNNER = "sympolis.analysis.learned.runner"
JAILED = "sympolis.analysis.learned.jailed"
"""Where models of strangers are asked: in a process that is locked in."""
FOREIGN = "did:"
"""What the maker of a package begins with that came from another twin."""
MOST_VERSIONS = 1000
MOST_BYTES = 20 * 2**30
"""Of all versions' models together: a disk is for the twin's data first."""
MOST_WAITING = 64
"""Questions under way at once; more are refused, so that models leave the workers room for scenarios."""
RECORD = "record.json"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """How often a version was asked, and the CPU seconds that took."""

    requests: int = 0
    failures: int = 0
    cost_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """The life of one version: who handed it in and every step since."""

    maker: str
    steps: tuple[Step, ...]
    usage: Usage = field(default_factory=Usage)

    @property
    def stage(self) -> Stage:
        """Where it is now."""
        return self.steps[-1].stage


@dataclass(frozen=True, slots=True)
class Version:
    """A version that is kept: its card, the text it was read from, and its life."""

    card: Card
    card_text: str
    record: Record
    folder: Path

    @property
    def model(self) -> Path:
        """The model's file."""
        return self.folder / self.card.file


class LearnedDesk:
    """See the module. ``known`` says whether people are asked who they are."""

    def __init__(
        self, pool: Executor, folder: Path, *, now: Callable[[], datetime], timeout_s: float = 30.0
    ) -> None:
        self._pool = pool
        self._folder = folder
        self._now = now
        self._timeout_s = timeout_s
        self._versions: dict[tuple[str, str], Version] = {}
        self._writing = asyncio.Lock()
        self._waiting = 0
        self.known = False

    def open(self) -> None:
        """Find what is kept."""
        for path in sorted(self._folder.glob(f"*/*/{RECORD}")):
            found = _kept(path.parent)
            if found is not None:
                self._versions[found.card.name, found.card.version] = found

    # --- looking ------------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Every name, in order."""
        return sorted({name for name, _ in self._versions})

    def versions(self, name: str) -> list[Version]:
        """The versions of a name, oldest first. Raises ``NotFound``."""
        found = [one for (known, _), one in self._versions.items() if known == name]
        if not found:
            hint = did_you_mean(name, self.names())
            raise errors.NotFound(f"there is no learned model {name!r}", where="model", hint=hint)
        return sorted(found, key=lambda one: [int(part) for part in one.card.version.split(".")])

    def get(self, name: str, version: str) -> Version:
        """One version. Raises ``NotFound``."""
        known = {one.card.version: one for one in self.versions(name)}
        if version not in known:
            hint = did_you_mean(version, known)
            raise errors.NotFound(f"{name} has no version {version!r}", where="version", hint=hint)
        return known[version]

    def asked(self, name: str, version: str | None = None, *, keeper: bool = True) -> Version:
        """The version that answers: the deployed one, or the one that is named. Raises ``NotFound``, ``Conflict``.

        ``keeper``: whether a staged one, for which nobody has signed yet, may be tried by whoever asks.
        """
        if version is not None:
            found = self.get(name, version)
            stage = found.record.stage
            if not stage.answers or (stage is Stage.STAGED and not keeper):
                text = f"{name} {version} is {found.record.stage} and does not answer"
                hint = "deployed versions do, staged ones for those who look after models"
                raise errors.Conflict(text, where="version", hint=hint)
            return found
        deployed = [one for one in self.versions(name) if one.record.stage is Stage.DEPLOYED]
        if not deployed:
            text = f"no version of {name} is deployed"
            raise errors.Conflict(text, where="model", hint="staged versions answer under their version")
        return deployed[0]

    # --- living -------------------------------------------------------------------------------------------------------

    async def hand_in(self, content: bytes, *, by: str, why: str) -> Version:
        """Keep a new version as a draft. Raises ``BadRequestData``, ``AlreadyExists``, ``Conflict`` (too many)."""
        package = await asyncio.to_thread(read_package, content)
        async with self._writing:
            key = (package.card.name, package.card.version)
            if key in self._versions:
                hint = "a version never changes: hand in the next one"
                raise errors.AlreadyExists(f"{key[0]} {key[1]} is here already", where="version", hint=hint)
            if len(self._versions) >= MOST_VERSIONS:
                raise errors.Conflict(
                    f"{MOST_VERSIONS} versions are kept already", hint="retire and delete some"
                )
            kept = await asyncio.to_thread(self._size)
            if kept + len(package.model) > MOST_BYTES:
                text = f"the models kept take {kept / 2**30:.1f} GB, and {MOST_BYTES // 2**30} GB is the most"
                raise errors.Conflict(text, hint="retire and delete some")
            folder = self._folder / key[0] / key[1]
            record = Record(by, (Step(Stage.DRAFT, self._now(), by, why),))
            await asyncio.to_thread(_keep, folder, package, record)
            self._versions[key] = Version(package.card, package.card_text, record, folder)
            return self._versions[key]

    def _size(self) -> int:
        return sum(one.model.stat().st_size for one in self._versions.values() if one.model.exists())

    async def move(self, name: str, version: str, to: Stage, *, by: str, why: str) -> Version:
        """Take a step of a version's life; validation runs its examples first. Raises ``Conflict``, ``Forbidden``."""
        async with self._writing:
            found = self.get(name, version)
            check_step(found.record.stage, to, maker=found.record.maker, by=by, known=self.known)
            if to is Stage.VALIDATED:
                await self._validate(found)
            step = Step(to, self._now(), by, why)
            if to is Stage.DEPLOYED:
                await self._step_back(name, step)
            return self._stepped(found, step)

    async def _step_back(self, name: str, because: Step) -> None:
        for one in self.versions(name):
            if one.record.stage is Stage.DEPLOYED:
                self._stepped(
                    one,
                    replace(because, stage=Stage.STAGED, why=f"another version was deployed: {because.why}"),
                )

    def _stepped(self, found: Version, step: Step) -> Version:
        return self._store(found, replace(found.record, steps=(*found.record.steps, step)))

    def _store(self, found: Version, record: Record) -> Version:
        files.write_json(found.folder / RECORD, record)
        changed = replace(found, record=record)
        self._versions[found.card.name, found.card.version] = changed
        return changed

    async def _validate(self, found: Version) -> None:
        """The file is what the card says and gives what its examples say; ``BadRequestData`` where it does not."""
        told = await self._call(found, "signature")
        for kind, stated in (("inputs", found.card.inputs), ("outputs", found.card.outputs)):
            odd = _difference(told[kind], stated)
            if odd:
                raise errors.BadRequestData(
                    odd, where=f"{CARD}: {kind}", hint="the card must say what the file takes"
                )
        raw = await asyncio.to_thread((found.folder / EXAMPLES).read_bytes)
        for place, example in enumerate(msgspec.json.decode(raw, type=tuple[Example, ...])):
            inputs = tensors.read_inputs(example.inputs, found.card)
            outputs = await self._call(found, "infer", inputs=inputs)
            odd = tensors.close(outputs, example.outputs, example.tolerance)
            if odd:
                raise errors.BadRequestData(
                    odd, where=f"{EXAMPLES}[{place}]", hint="the model is not what was tested"
                )

    # --- asking -------------------------------------------------------------------------------------------------------

    async def infer(
        self, name: str, version: str | None, inputs: Any, *, keeper: bool = True
    ) -> tuple[Version, list[Json]]:
        """The outputs of the version that answers.

        Raises ``NotFound``, ``BadRequestData``, ``Conflict`` (none answers), ``Forbidden``, ``ModelFailed``.
        """
        found = self.asked(name, version, keeper=keeper)
        gated.use_model(name)
        checked = await asyncio.to_thread(tensors.read_inputs, inputs, found.card)
        if self._waiting >= MOST_WAITING:
            raise errors.TooManyAttempts(
                f"{MOST_WAITING} questions are waiting already", where="model", hint="ask again soon"
            )
        self._waiting += 1
        try:
            answer = await self._answer(found, "infer", inputs=checked)
        except errors.ModelFailed:
            self._count(found, Usage(1, 1, 0.0))
            raise
        finally:
            self._waiting -= 1
        self._count(found, Usage(1, 0, answer.cost_cpu_s))
        return found, answer.result

    def _count(self, found: Version, more: Usage) -> None:
        """Counted in memory, written down with the next step or when the twin stops: a count is not worth a flush."""
        now = self._versions[found.card.name, found.card.version]
        was = now.record.usage
        usage = Usage(
            was.requests + more.requests,
            was.failures + more.failures,
            round(was.cost_cpu_s + more.cost_cpu_s, 6),
        )
        record = replace(now.record, usage=usage)
        self._versions[found.card.name, found.card.version] = replace(now, record=record)

    def close(self) -> None:
        """Write the counts down."""
        for found in list(self._versions.values()):
            self._store(found, found.record)

    async def _call(self, found: Version, function: str, **arguments: Any) -> Any:
        return (await self._answer(found, function, **arguments)).result

    async def _answer(self, found: Version, function: str, **arguments: Any) -> Any:
        runner = JAILED if found.record.maker.startswith(FOREIGN) else RUNNER
        task = call_of(runner, function, path=str(found.model), **arguments)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._pool.run(task)
        except TimeoutError as cause:
            text = f"the model did not answer within {self._timeout_s:g} s"
            raise errors.ModelFailed(text, where="model") from cause


def _difference(told: list[Mapping[str, Any]], stated: tuple[Tensor, ...]) -> str:
    """What the file says otherwise than the card; empty where they agree. A length that either leaves open agrees."""
    known = {one["name"]: one for one in told}
    for one in stated:
        other = known.pop(one.name, None)
        if other is None:
            return f"the model has no {one.name}"
        lengths = len(other["shape"]) == len(one.shape) and all(
            -1 in pair or pair[0] == pair[1] for pair in zip(other["shape"], one.shape, strict=True)
        )
        if other["datatype"] != one.datatype or not lengths:
            found = f"{other['datatype']} {other['shape']}"
            return f"the model's {one.name} is {found}, not {one.datatype} {list(one.shape)}"
    return f"the card does not name {', '.join(known)}" if known else ""


def _keep(folder: Path, package: Package, record: Record) -> None:
    """The record comes last: a folder without one is a package that was never taken in."""
    shutil.rmtree(folder, ignore_errors=True)
    files.write(folder / package.card.file, package.model)
    files.write(folder / CARD, package.card_text.encode())
    files.write(folder / EXAMPLES, msgspec.json.encode(package.examples))
    files.write_json(folder / RECORD, record)


def _kept(folder: Path) -> Version | None:
    if not (re.fullmatch(NAME, folder.parent.name) and re.fullmatch(VERSION, folder.name)):
        return None
    try:
        text = (folder / CARD).read_text(encoding="utf-8")
        record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Record)
        return Version(read_card(text), text, record, folder)
    except (OSError, msgspec.MsgspecError, errors.BadRequestData):
        return None


def next_stages(found: Version) -> tuple[Stage, ...]:
    """Where a version can go from here."""
    return NEXT[found.record.stage]
