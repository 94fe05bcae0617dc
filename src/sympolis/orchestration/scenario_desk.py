"""Scenarios: those that come with the city (read-only) and those that people make, which live in the broker.

Every scenario is a ``Scenario`` entity. People's scenarios are read from there each time, so that what another client
changed is what is run; writing checks the version inside the store's transaction: nobody overwrites unseen work.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sympolis.analysis import scenario as checking
from sympolis.analysis.assuming import measures_of
from sympolis.context import merge
from sympolis.context.broker import Broker
from sympolis.context.store import Write
from sympolis.decision.review import Record
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.domain.reading import did_you_mean
from sympolis.domain.scenario import Scenario, ScenarioStatus
from sympolis.orchestration import files, gather
from sympolis.orchestration.review_book import ReviewBook, content_of
from sympolis.orchestration.twin_entities import SCENARIO, scenario_entity, scenario_of, urn
from sympolis.plugins.simulator import Simulator

CAUSE = "scenario desk"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TRIES = 100
_PREFIX, _DIGITS = 48, 8
"""Of a name by content: letters of its prefix, digits of its digest."""


class ScenarioDesk:
    """Lists, makes, changes and deletes scenarios."""

    def __init__(  # noqa: PLR0913 - a composition: each part is a collaborator
        self,
        broker: Broker,
        names: gather.Names,
        *,
        city: str,
        builtin: Sequence[Scenario],
        models: Sequence[str],
        simulator: Callable[[str], type[Simulator]],
        language: str,
        reviews: ReviewBook,
        now: Callable[[], datetime],
    ) -> None:
        self._broker = broker
        self._names = names
        self._city = city
        self._builtin = {scenario.id: scenario for scenario in builtin}
        self._models = tuple(models)
        self._simulator = simulator
        self._language = language
        self._reviews = reviews
        self._now = now

    async def open(self) -> None:
        """Put the city's own scenarios into the broker where they are missing or differ: all clients see them."""
        self._reviews.open()
        for scenario in self._builtin.values():
            wanted = scenario_entity(scenario, self._city, self._names.expand)
            found = await self._broker.store.get(wanted.id)
            if found is None or scenario_of(found, self._names.expand) != _as_stored(scenario, found):
                await self._broker.upsert([wanted], cause=f"{CAUSE}: city package")

    def is_builtin(self, scenario_id: str) -> bool:
        """Whether it comes with the city."""
        return scenario_id in self._builtin

    async def list_scenarios(self) -> list[Scenario]:
        """The city's scenarios in its order, then people's by id."""
        found = [
            scenario_of(entity, self._names.expand)
            async for entity in gather.entities(self._broker, self._names.expand(SCENARIO))
        ]
        own = [
            self._standing(s)
            for s in found
            if s is not None and s.id not in self._builtin and s.simulator in self._models
        ]
        times = {s.id: s for s in found if s is not None}
        return [*(_dated(s, times.get(s.id)) for s in self._builtin.values()), *own]

    async def get(self, scenario_id: str) -> Scenario:
        """One scenario. Raises ``NotFound``."""
        stored = await self._stored(scenario_id) if _ID.fullmatch(scenario_id) else None
        if scenario_id in self._builtin:
            return _dated(self._builtin[scenario_id], stored)
        if stored is None or stored.simulator not in self._models:
            known = [scenario.id for scenario in await self.list_scenarios()]
            hint = did_you_mean(scenario_id, known)
            raise errors.NotFound(f"there is no scenario {scenario_id!r}", where="scenario", hint=hint)
        return stored

    async def read(self, document: Any) -> tuple[Scenario, list[checking.Reason]]:
        """A document as a scenario (id and version as given, or empty), and all reasons against its overrides.

        Raises ``BadRequestData`` where its frame is wrong, ``NotFound`` where its base does not exist.
        """
        draft = checking.parse(document, models=self._models, language=self._language)
        overrides, reasons = checking.read_overrides(
            draft.overrides, measures_of(self._simulator(draft.model))
        )
        if draft.base != checking.BASELINE:
            await self._base(draft.base)
        scenario = Scenario(
            id=_given_id(document.get("id", "")),
            title=draft.title,
            question=draft.question,
            simulator=draft.model,
            overrides=tuple(overrides),
            window=draft.window,
            base=draft.base,
            author=draft.author,
            status=_status(document.get("status", ScenarioStatus.DRAFT)),
            version=_version(document.get("version", 1)),
        )
        return scenario, reasons

    async def lineage(self, scenario: Scenario) -> list[Scenario]:
        """The scenario's bases, nearest first. Raises ``Conflict`` where the chain is broken or loops."""
        known = {found.id: found for found in await self.list_scenarios()}
        checking.compose(scenario, known.get)
        chain, base = [], scenario.base
        while base != checking.BASELINE:
            chain.append(known[base])
            base = known[base].base
        return chain

    async def create(self, scenario: Scenario, *, by: str = "") -> Scenario:
        """Keep a new scenario, a draft. An id is made from its title where it has none. Raises ``AlreadyExists``.

        ``by``: whose it is; '' where the twin made it by itself.
        """
        if scenario.status is not ScenarioStatus.DRAFT:
            _refuse_status("a new scenario is a draft")
        made = await self._named(replace(scenario, version=1))
        self._reviews.drop(made.id)  # of one with this id that was deleted through another interface
        if by:
            self._reviews.keep(Record(scenario=made.id, owner=by))
        return made

    async def _named(self, fresh: Scenario) -> Scenario:
        if fresh.id:
            return await self._create(fresh)
        slug = _slug(next(iter(fresh.title.values())))
        for number in range(1, _TRIES):
            name = slug if number == 1 else f"{slug}-{number}"
            try:
                return await self._create(replace(fresh, id=name))
            except errors.AlreadyExists:
                continue
        raise errors.AlreadyExists(
            f"{_TRIES} scenarios have this title", where="title", hint="choose another"
        )

    async def named_by_content(self, scenario: Scenario, prefix: str) -> Scenario:
        """The same what-if under a name that follows from what it asks: asked twice, it is found again.

        Where nothing differs from the scenario it was made from (``scenario.id``), that one is it.
        """
        if scenario.id:
            present = await self.get(scenario.id)
            if (present.overrides, present.window) == (scenario.overrides, scenario.window):
                return present
        content = [scenario.simulator, scenario.base, scenario.overrides, scenario.window]
        name = f"{prefix[:_PREFIX].rstrip('-')}-{files.key(content)[:_DIGITS]}"
        fresh = replace(
            scenario, id=name, version=1, status=ScenarioStatus.DRAFT, created_at=None, modified_at=None
        )
        try:
            return await self.create(fresh)
        except errors.AlreadyExists:
            kept = await self.get(name)
        if (kept.overrides, kept.window, kept.base) == (fresh.overrides, fresh.window, fresh.base):
            return kept
        return await self.create(replace(fresh, id=""))  # somebody changed it since: theirs stays

    async def update(self, scenario_id: str, scenario: Scenario, *, by: str = "") -> Scenario:
        """Put a next version, a draft, in the place of ``scenario.version``; what was before is kept.

        Where nothing differs it stays as it is. Raises ``Conflict`` where the present version is another, where it is
        being reviewed, and for another status than it has: statuses change by steps (``review_desk``).
        """
        self.refuse_builtin(scenario_id)
        present = await self.get(scenario_id)
        if scenario.status not in (ScenarioStatus.DRAFT, present.status):
            _refuse_status(f"it is {present.status}")
        if present.status is ScenarioStatus.SUBMITTED:
            hint = "take it back first, or wait for the review"
            raise errors.Conflict("it is submitted and not changed meanwhile", where="status", hint=hint)
        seen = scenario.version
        if seen == present.version and _says_the_same(scenario, present):
            return present
        changed = replace(scenario, id=scenario_id, version=seen + 1, status=ScenarioStatus.DRAFT)
        await self.lineage(changed)
        self._reviews.save(present, by=self._reviews.find(scenario_id).owner, at=_at(present, self._now))
        entity = scenario_entity(changed, self._city, self._names.expand)
        await self._write(Write(entity.id, self._if_version(seen, merge.upsert_replace(entity))))
        kept = await self.get(scenario_id)
        self._reviews.save(kept, by=by, at=_at(kept, self._now))
        return kept

    async def mark(self, scenario: Scenario, status: ScenarioStatus) -> None:
        """Say in the entity, too, where a scenario stands. Raises ``Conflict`` where it was changed meanwhile."""
        entity = scenario_entity(replace(scenario, status=status), self._city, self._names.expand)
        await self._write(Write(entity.id, self._if_version(scenario.version, merge.upsert_replace(entity))))

    async def delete(self, scenario_id: str) -> None:
        """Forget a scenario. Raises ``Conflict`` where others build on it, and where it has been reviewed."""
        self.refuse_builtin(scenario_id)
        present = await self.get(scenario_id)
        if present.status is ScenarioStatus.SUBMITTED or self._reviews.find(scenario_id).was_approved:
            said = "a scenario that is being reviewed or was approved is not deleted"
            raise errors.Conflict(said, where=scenario_id, hint="withdraw it: its history stays")
        built_on = [other.id for other in await self.list_scenarios() if other.base == scenario_id]
        if built_on:
            hint = "delete or rebase them first"
            raise errors.Conflict(f"it is the base of {', '.join(built_on)}", where=scenario_id, hint=hint)
        await self._broker.delete(urn(SCENARIO, self._city, scenario_id), cause=CAUSE)
        self._reviews.drop(scenario_id)

    async def _create(self, scenario: Scenario) -> Scenario:
        if scenario.id in self._builtin or scenario.id == checking.BASELINE:
            raise errors.AlreadyExists(f"the scenario {scenario.id!r} comes with the city", where="id")
        if await self._stored(scenario.id) is not None:
            raise errors.AlreadyExists(f"there is a scenario {scenario.id!r} already", where="id")
        await self.lineage(scenario)
        await self._broker.create(scenario_entity(scenario, self._city, self._names.expand), cause=CAUSE)
        return await self.get(scenario.id)

    async def _stored(self, scenario_id: str) -> Scenario | None:
        entity = await self._broker.store.get(urn(SCENARIO, self._city, scenario_id))
        found = scenario_of(entity, self._names.expand) if entity is not None else None
        return None if found is None else self._standing(found)

    def _standing(self, scenario: Scenario) -> Scenario:
        """With the status that its steps gave it: a status written through another interface counts for nothing."""
        return replace(scenario, status=self._reviews.status(scenario))

    async def _base(self, scenario_id: str) -> None:
        try:
            await self.get(scenario_id)
        except errors.NotFound as missing:
            raise errors.BadRequestData(missing.message, where="base", hint=missing.hint) from None

    async def _write(self, write: Write) -> None:
        [outcome] = await self._broker.store.write([write], cause=CAUSE)
        if outcome.error is not None:
            raise outcome.error

    def _if_version(self, version: int, then: Callable[..., Entity | None]) -> Callable[..., Entity | None]:
        """The rule ``then``, behind a check of the stored version."""

        def decide(before: Entity | None, at: datetime) -> Entity | None:
            found = scenario_of(before, self._names.expand) if before is not None else None
            if found is None or found.version != version:
                now = found.version if found is not None else "deleted"
                hint = "load it again, then repeat your change"
                raise errors.Conflict(
                    f"your change is to version {version}, it is now {now}", where="version", hint=hint
                )
            return then(before, at)

        return decide

    def refuse_builtin(self, scenario_id: str) -> None:
        """Raise ``Conflict`` for a scenario of the city package: those are read-only."""
        if scenario_id in self._builtin:
            hint = f'make your own: POST a scenario with "base": "{scenario_id}"'
            raise errors.Conflict("scenarios of the city package are read-only", where=scenario_id, hint=hint)


def _refuse_status(said: str) -> None:
    hint = "a status changes by steps: POST /api/scenarios/{id}/review"
    raise errors.Conflict(said, where="status", hint=hint)


def _says_the_same(one: Scenario, other: Scenario) -> bool:
    return (content_of(one), one.author) == (content_of(other), other.author)


def _at(scenario: Scenario, now: Callable[[], datetime]) -> datetime:
    return scenario.modified_at or now()


def _as_stored(scenario: Scenario, found: Entity) -> Scenario:
    return replace(scenario, created_at=found.created_at, modified_at=found.modified_at)


def _dated(scenario: Scenario, stored: Scenario | None) -> Scenario:
    if stored is None:
        return scenario
    return replace(scenario, created_at=stored.created_at, modified_at=stored.modified_at)


def _given_id(value: Any) -> str:
    if value == "" or (isinstance(value, str) and _ID.fullmatch(value)):
        return str(value)
    raise errors.BadRequestData("expected small letters, digits and hyphens, at most 64", where="id")


def _status(value: Any) -> ScenarioStatus:
    try:
        return ScenarioStatus(value)
    except ValueError:
        known = [str(status) for status in ScenarioStatus]
        hint = did_you_mean(str(value), known)
        raise errors.BadRequestData(f"{value!r} is no status", where="status", hint=hint) from None


def _version(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise errors.BadRequestData("expected a whole number of 1 or more", where="version")


def _slug(title: str) -> str:
    """``"Città 30, centro"`` → ``citta-30-centro``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or "scenario"


def with_baseline(scenarios: Sequence[Scenario], models: Mapping[str, Scenario]) -> tuple[Scenario, ...]:
    """The city's scenarios behind the baseline of each model (where the city did not write its own)."""
    named = {scenario.id for scenario in scenarios}
    return (*(base for base in models.values() if base.id not in named), *scenarios)
