"""Deleting, in other brokers, what a query selects (clause 5.6.21): no more than is registered of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sympolis.context.distributed.outcomes import Outcome, outcome, refused
from sympolis.context.distributed.planning import Part, Refusal, Travelled
from sympolis.context.distributed.reading import Asked, registered_names, selections, wanted_by
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.wording import Journey
from sympolis.context.registrations.matching import matches
from sympolis.context.registrations.registration import Mode, Registration
from sympolis.context.terms import Terms

_OPERATION = "purgeEntity"


@dataclass(frozen=True, slots=True)
class Restriction:
    """Which attributes go, or which stay (expanded); neither: the entities as a whole."""

    drop: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()


def parts_of(registrations: Sequence[Registration], travelled: Travelled) -> list[Part]:
    """Who takes part: sources that offer it, and those without which it cannot be done."""
    found: list[Part] = []
    for one in sorted(registrations, key=lambda one: one.id):
        if one.mode is Mode.AUXILIARY:
            continue
        able, met = one.supports(_OPERATION), travelled.met(one)
        if able and not met:
            found.append(Part(one, frozenset(), True))
        elif one.mode.proxied:
            found.append(Part(one, frozenset(), True, Refusal.LOOP if met else Refusal.UNSUPPORTED))
    return found


class Purger:
    """Has sources delete."""

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution

    async def purge(self, journey: Journey, asked: Asked, restriction: Restriction) -> list[Outcome]:
        """Have every source delete what is meant and registered of it."""
        index = self._distribution.of(journey.tenant)
        wanted = wanted_by(asked)
        candidates = [] if index is None else index.candidates(wanted.selectors)
        usable = self._distribution.usable(one for one in candidates if matches(one, wanted))
        travelled = await self._distribution.travelled(journey, usable)
        parts = parts_of(self._distribution.usable(usable), travelled)
        found = await asyncio.gather(*(self._one(journey, part, asked, restriction) for part in parts))
        return [one for some in found for one in some]

    async def _one(
        self, journey: Journey, part: Part, asked: Asked, restriction: Restriction
    ) -> list[Outcome]:
        if part.refusal is not None:
            return [refused(part)]
        speech = await self._distribution.speech(part.registration, asked.terms)
        limits = _limits(part.registration, restriction, speech.terms)
        done = []
        for pairs in selections(part.registration, asked, speech) if limits is not None else ():
            attrs = [("attrs", ",".join(map(speech.terms.compact, asked.query.attributes)))]
            query = [*pairs, *(attrs if asked.query.attributes else ()), *(limits or ())]
            answer = await self._distribution.ask(
                journey, part.registration, speech, "DELETE", "/entities", query=query
            )
            done.append(outcome(part, answer))
        return done


def _limits(
    registration: Registration, restriction: Restriction, terms: Terms
) -> list[tuple[str, str]] | None:
    """What of the entities goes: of a source that has some attributes of them, these alone. None: nothing."""
    names = registered_names(registration)
    if names is None:
        given = (("drop", restriction.drop), ("keep", restriction.keep))
        return [(name, _listed(some, terms)) for name, some in given if some]
    going = (names & restriction.drop if restriction.drop else names) - restriction.keep
    return [("drop", _listed(going, terms))] if going else None


def _listed(names: frozenset[str], terms: Terms) -> str:
    return ",".join(sorted(terms.compact(name) for name in names))
