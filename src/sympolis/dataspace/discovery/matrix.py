"""The matrix: every service of every partner against every city's data, without anybody giving data away.

Each twin judges what it hears of others' needs by its own data, and tells its partners the verdicts: a column of the
matrix. What a service needs travels, what a city has does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.dataspace.discovery import needing, reading
from sympolis.dataspace.discovery.shelf import Shelf, Told, is_partial
from sympolis.dataspace.partners.contact import Contact
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Partner
from sympolis.domain import errors
from sympolis.governance.catalogue.licences import LICENCES
from sympolis.orchestration.adapting import ADAPTED, CANNOT, RUNS
from sympolis.orchestration.adapting import document as remark_document
from sympolis.orchestration.compatibility import Compatibility, Supply
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.gather import Names
from sympolis.plugins.simulator import Simulator

Json = dict[str, Any]
SERVICES_PATH: Final = "/api/federation/shared/services"
COLUMN_PATH: Final = "/api/federation/shared/verdicts"
SERVICES_FRESH_S: Final = 600.0
COLUMN_FRESH_S: Final = 300.0
MOST_SERVICES: Final = 100
_MOST_REMARKS: Final = 60
_COMPARED_BY_ONE: Final = 2_000
"""Comparisons after which what was found is forgotten: partners name what is kept, so it must not grow for ever."""
_VERDICTS: Final = (RUNS, ADAPTED, CANNOT)
_LANGUAGES: Final = ("it", "de", "en")


@dataclass(frozen=True, slots=True)
class Ours:
    """What of this twin is compared: its desk and terms, which licences its kinds of entities are under."""

    desk: Desk
    names: Names
    comparing: Callable[[Names], Compatibility]
    """A new comparison of needs with our entities; it keeps what it found."""
    licences: Callable[[str], Sequence[str]]
    """The licences of the sources that bring a type of entity (short name)."""
    licence_of_model: Callable[[str], str]
    """The licence of a simulator, '' where its manifest does not say."""


class Matrix:
    """See the module."""

    def __init__(
        self, ours: Ours, directory: PartnerDirectory, contact: Contact, own: Callable[[], str]
    ) -> None:
        self._ours = ours
        self._contact = contact
        self._own = own
        self._names = needing.Borrowed(ours.names)
        self._comparing = ours.comparing(self._names)
        self._compared = 0
        self.services: Shelf[list[Json]] = Shelf(directory, self._ask_services, fresh_s=SERVICES_FRESH_S)
        self.columns: Shelf[list[Json]] = Shelf(directory, self._ask_column, fresh_s=COLUMN_FRESH_S)

    # --- what we tell

    def our_services(self) -> list[Json]:
        """Our services with what they need, for partners."""
        return [self._service(*pair) for pair in self._ours.desk.services_needing()]

    def _service(self, service: Any, models: Mapping[str, Any]) -> Json:
        return {
            "id": service.id,
            "title": dict(service.title),
            "question": dict(service.question),
            "models": [
                {
                    "id": model_id,
                    "simulator": model.id,
                    "version": model.version,
                    "licence": self._ours.licence_of_model(model.id),
                    "needs": [
                        needing.document(one, self._ours.names) for one in model.needs if not one.linked
                    ],
                }
                for model_id, model in models.items()
            ],
        }

    async def our_column(self, *, anew: bool = False) -> list[Json]:
        """Our verdict on every service that we know of."""
        own = self._own()
        found = [await self._verdict(own, one) for one in self.our_services()]
        for told in await self.services.gather(anew=anew):
            found += [await self._verdict(told.partner.id, one) for one in told.value or ()]
        return found

    async def _verdict(self, owner: str, service: Json) -> Json:
        """What a service is told of our data: runs, runs with adaptations, or cannot, because."""
        problems: list[Json] = []
        adaptations: list[Json] = []
        licences: set[str] = set()
        for model in service["models"]:
            needs = [need for one in model["needs"] if (need := needing.read(one, self._names))]
            key = f"{owner} {service['id']} {model['id']}"
            for supply in await self._compare(needing.model_of(key, f"{model['version']} {needs!r}", needs)):
                problems += [remark_document(one, model["id"]) for one in supply.problems]
                adaptations += [remark_document(one, model["id"]) for one in supply.adaptations]
                licences |= set(self._ours.licences(supply.need.type)) if supply.found else set()
        days = [one["effort_days"] or (0.0, 0.0) for one in adaptations]
        return {
            "owner": owner,
            "service": service["id"],
            "verdict": CANNOT if problems else ADAPTED if adaptations else RUNS,
            "problems": problems[:_MOST_REMARKS],
            "adaptations": adaptations[:_MOST_REMARKS],
            "effort_days": [sum(low for low, _ in days), sum(high for _, high in days)],
            "licences": [_licence(code) for code in sorted(licences)],
        }

    async def _compare(self, model: type[Simulator]) -> tuple[Supply, ...]:
        self._compared += 1
        if self._compared > _COMPARED_BY_ONE:
            self._names, self._compared = needing.Borrowed(self._ours.names), 0
            self._comparing = self._ours.comparing(self._names)
        return await self._comparing.of(model)

    # --- what we are told

    async def _ask_services(self, partner: Partner) -> list[Json]:
        found = await self._contact.ask(partner, SERVICES_PATH)
        given = found.get("services") if isinstance(found, dict) else None
        return [read for one in reading.items(given, MOST_SERVICES) if (read := _read_service(one))]

    async def _ask_column(self, partner: Partner) -> list[Json]:
        found = await self._contact.ask(partner, COLUMN_PATH, timeout_s=20.0)
        given = found.get("verdicts") if isinstance(found, dict) else None
        return [_read_verdict(one) for one in reading.items(given, 20 * MOST_SERVICES)]

    # --- all of it

    async def whole(self, title: Mapping[str, str], *, anew: bool = False) -> Json:
        """Services, cities and cells; ``partial`` where somebody did not answer, and who that is."""
        own = self._own()
        ours = await self.our_column(anew=anew)
        services = await self.services.gather()
        columns = await self.columns.gather(anew=anew)
        rows = [{"owner": own, **_row(one)} for one in self.our_services()]
        rows += [{"owner": told.partner.id, **_row(one)} for told in services for one in told.value or ()]
        known = {(one["owner"], one["id"]) for one in rows}
        cells = [{"city": own, **one} for one in ours]
        cells += [
            {"city": told.partner.id, **one}
            for told in columns
            for one in told.value or ()
            if (one["owner"], one["service"]) in known
        ]
        us = {"partner": own, "title": dict(title), "name": next(iter(title.values()), ""), "state": "fresh"}
        return {
            "services": rows,
            "cities": [us, *(_city(told) for told in columns)],
            "cells": cells,
            "partial": is_partial(services) or is_partial(columns),
        }

    async def close(self) -> None:
        """End what is under way."""
        await self.services.close()
        await self.columns.close()

    async def try_service(self, owner: str, service: str) -> Json:
        """The verdict on one service over our data. Raises ``NotFound``."""
        if owner == self._own():
            found = [one for one in self.our_services() if one["id"] == service]
        else:
            told = [one for one in await self.services.gather() if one.partner.id == owner]
            found = [one for each in told for one in each.value or () if one["id"] == service]
        if not found:
            raise errors.NotFound("no partner tells of such a service", where=service[:200])
        return await self._verdict(owner, found[0])


def _city(told: Told[Any]) -> Json:
    return told.status()


def _row(service: Json) -> Json:
    return {
        "id": service["id"],
        "title": service["title"],
        "question": service["question"],
        "models": [
            {name: model[name] for name in ("id", "simulator", "version", "licence")}
            for model in service["models"]
        ],
    }


def _read_service(given: Mapping[str, Any]) -> Json | None:
    """A partner's service as far as it can be read."""
    service_id = reading.text(given.get("id"), 200)
    if not service_id:
        return None
    return {
        "id": service_id,
        "title": reading.texts(given.get("title")),
        "question": reading.texts(given.get("question")),
        "models": [
            {
                "id": reading.text(one.get("id"), 100),
                "simulator": reading.text(one.get("simulator"), 100),
                "version": reading.text(one.get("version"), 40),
                "licence": reading.text(one.get("licence"), 60),
                "needs": reading.items(one.get("needs"), needing.MOST_NEEDS),
            }
            for one in reading.items(given.get("models"), 10)
        ],
    }


def _read_verdict(given: Mapping[str, Any]) -> Json:
    verdict = given.get("verdict")
    return {
        "owner": reading.text(given.get("owner")),
        "service": reading.text(given.get("service"), 200),
        "verdict": verdict if verdict in _VERDICTS else CANNOT,
        "problems": _remarks(given.get("problems")),
        "adaptations": _remarks(given.get("adaptations")),
        "effort_days": _days(given.get("effort_days")) or [0.0, 0.0],
        "licences": [
            _licence(reading.text(one.get("code"), 60)) for one in reading.items(given.get("licences"), 20)
        ],
    }


def _remarks(given: Any) -> list[Json]:
    return [
        {
            "kind": reading.text(one.get("kind"), 40),
            "model": reading.text(one.get("model"), 100),
            "need": reading.text(one.get("need"), 100),
            "attribute": reading.text(one.get("attribute"), 100) or None,
            "text": reading.texts(one.get("text")),
            "consequence": reading.texts(one.get("consequence")),
            "effort_days": _days(one.get("effort_days")),
        }
        for one in reading.items(given, _MOST_REMARKS)
    ]


def _days(given: Any) -> list[float] | None:
    numbers = [reading.number(one) for one in given[:2]] if isinstance(given, list) else []
    kept = [max(0.0, one) for one in numbers if one is not None]
    return kept if len(kept) == 2 else None


def _licence(code: str) -> Json:
    """A licence with what it asks for, as far as it is known here."""
    known = LICENCES.get(code)
    return {
        "code": code,
        "known": known is not None,
        "attribution": None if known is None else known.attribution,
        "share_alike": None if known is None else known.share_alike,
    }
