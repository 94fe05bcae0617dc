"""Where other brokers tell of subscriptions that were passed on to them (GS CIM 009, clause 5.8.6)."""

from __future__ import annotations

from sympolis.api.bodies import parse_json
from sympolis.api.http import JSON, LD_JSON, Reply, Request
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT
from sympolis.context.distributed.subscribing import PATH, RemoteSubscriptions

_EXAMPLE = {"type": "Notification", "subscriptionId": "urn:ngsi-ld:Subscription:1", "data": []}


class Relaying:
    """Handler of notifications from other brokers. Who knows the key may tell."""

    def __init__(self, remote: RemoteSubscriptions) -> None:
        self._remote = remote

    async def hear(self, request: Request) -> Reply:
        """Notification (clause 5.8.6) of a copy of a subscription: told on to the subscriber."""
        await self._remote.heard(request.arguments["key"], parse_json(await request.body()))
        return Reply(status=200)


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The route of this handler; none where nothing is passed on."""
    if parts.remote_subscriptions is None:
        return ()
    return (
        Operation(
            method="POST",
            path=f"{PATH}/{{key}}",
            handle=Relaying(parts.remote_subscriptions).hear,
            name="hearNotification",
            title="Tell of a subscription that was passed on",
            tag="NGSI-LD context sources",
            clause="5.8.6",
            path_texts={"key": "What this broker gave the source."},
            body=Body(OBJECT, (JSON, LD_JSON), _EXAMPLE),
            answers={200: Answer("Heard.")},
        ),
    )
