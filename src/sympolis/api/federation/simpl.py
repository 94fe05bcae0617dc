"""Joining a SIMPL-Open dataspace and describing what is offered in its words, over HTTP."""

from __future__ import annotations

from typing import Any

from sympolis.api.federation.finding import WORDS
from sympolis.api.http import LD_JSON, Reply, Request, json_reply
from sympolis.api.offering import Offering
from sympolis.dataspace.federation import Federation
from sympolis.dataspace.simpl import descriptions
from sympolis.dataspace.simpl.onboarding import Authority
from sympolis.dataspace.simpl.plan import SimplPlan
from sympolis.domain import errors

_NOT_SET = {"authority": "", "state": "not configured", "participant": "", "valid_until": None}


class Simpl:
    """Handlers of ``/api/federation/simpl``."""

    def __init__(self, federation: Federation, offering: Offering) -> None:
        self._federation = federation
        self._offering = offering

    async def status(self, request: Request) -> Reply:  # noqa: ARG002
        """How far joining has come."""
        authority = self._federation.simpl
        return json_reply(_NOT_SET if authority is None else authority.status())

    async def advance(self, request: Request) -> Reply:  # noqa: ARG002
        """The next step."""
        return json_reply(await self._authority().advance())

    async def descriptions(self, request: Request) -> Reply:  # noqa: ARG002
        """What we offer, described."""
        found = await self._described(self._authority().plan)
        return Reply(body=json_reply({"@graph": found}).body, media=LD_JSON)

    async def publish(self, request: Request) -> Reply:  # noqa: ARG002
        """Give it all to the federated catalogue; what it refuses is told beside what it took."""
        authority = self._authority()
        published: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        for one in await self._described(authority.plan):
            try:
                published.append(await authority.publish(one))
            except errors.Forbidden as problem:
                refused.append({"id": one["@id"], "reason": problem.message})
        return json_reply({"published": published, "refused": refused})

    async def search(self, request: Request) -> Reply:
        """What the federated catalogue finds."""
        return json_reply({"items": await self._authority().search(WORDS.raw(request) or "")})

    def _authority(self) -> Authority:
        if self._federation.simpl is None:
            raise errors.Conflict(
                "no SIMPL-Open authority is configured", where="simpl", hint="see the setting simpl"
            )
        return self._federation.simpl

    async def _described(self, plan: SimplPlan) -> list[dict[str, Any]]:
        own = self._federation.own
        catalogue = await self._offering.catalogue(own.address())
        provider = descriptions.Provider(
            own.did(),
            own.address(),
            own.endpoints()["CatalogService"],
            self._federation.rulebook(),
            plan,
            self._federation.keys,
        )
        datasets = [descriptions.of_dataset(one, provider) for one in catalogue.datasets]
        return [*datasets, *(descriptions.of_service(one, provider) for one in catalogue.services)]
