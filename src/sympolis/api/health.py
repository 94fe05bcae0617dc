"""Is the process alive, is the twin ready, what does it cost: for people who run it and their monitoring."""

from __future__ import annotations

from sympolis import __version__
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.metrics import MEDIA, Metrics
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import NUMBER, OBJECT, TEXT, reference, structure
from sympolis.api.vocabulary import in_words
from sympolis.context.store import StoreStatus
from sympolis.domain import errors

SCHEMAS = {
    "Health": structure(
        {
            "status": {"type": "string", "enum": ["live", "ready", "starting", "unavailable"]},
            "version": TEXT,
            "uptime_s": NUMBER,
            "identity": {"type": "string", "enum": ["machine", "required", "open"]},
            "store": OBJECT,
            "position": {"type": ["integer", "null"]},
            "readiness": OBJECT,
        },
        required=("status", "version", "uptime_s"),
    )
}

_HEALTH = {JSON: reference("Health")}


class Health:
    """The three questions that a supervisor asks."""

    def __init__(self, parts: ApiParts, metrics: Metrics) -> None:
        self._parts = parts
        self._metrics = metrics

    async def live(self, request: Request) -> Reply:  # noqa: ARG002
        """The process answers."""
        return json_reply(self._facts("live"))

    async def ready(self, request: Request) -> Reply:  # noqa: ARG002
        """The twin can be used: its store answers and its start is complete."""
        readiness, store = self._parts.readiness(), await self._store()
        ready = readiness.ready and store is not None
        facts = self._facts("ready" if ready else "unavailable" if store is None else "starting")
        if store is not None:
            facts["store"] = store
            facts["position"] = store.position
        facts["readiness"] = {
            "step": readiness.step,
            "share": readiness.share,
            "text": in_words(readiness.text),
        }
        return json_reply(facts, status=200 if ready else 503)

    async def metrics(self, request: Request) -> Reply:  # noqa: ARG002
        """Counters in Prometheus' text format."""
        text = self._metrics.render(await self._store(), self._gauges())
        return Reply(body=text.encode(), media=MEDIA)

    def _gauges(self) -> dict[str, tuple[str, float]]:
        contexts, subscriptions = self._parts.contexts.weight(), self._parts.subscriptions
        return {
            "sympolis_notifications_waiting": (
                "Notifications queued or under way.",
                0 if subscriptions is None else subscriptions.waiting(),
            ),
            "sympolis_context_copies": ("Copies of remote @contexts.", contexts["copies"]),
            "sympolis_contexts_resolved": ("@contexts whose terms are at hand.", contexts["resolved"]),
        }

    def _facts(self, status: str) -> dict[str, object]:
        return {
            "status": status,
            "version": __version__,
            "uptime_s": round(self._metrics.uptime_s, 3),
            "identity": self._parts.settings.identity,
        }

    async def _store(self) -> StoreStatus | None:
        try:
            return await self._parts.broker.status()
        except errors.StoreUnavailable:
            return None


def operations(parts: ApiParts, metrics: Metrics) -> tuple[Operation, ...]:
    """The routes of this module."""
    health = Health(parts, metrics)
    return (
        Operation(
            method="GET",
            path="/health/live",
            handle=health.live,
            name="isLive",
            title="Is the process alive",
            tag="Health",
            answers={200: Answer("It is.", _HEALTH)},
        ),
        Operation(
            method="GET",
            path="/health/ready",
            handle=health.ready,
            name="isReady",
            title="Is the twin ready for use",
            tag="Health",
            answers={
                200: Answer("Ready.", _HEALTH),
                503: Answer("Still starting, or its store is gone.", _HEALTH),
            },
        ),
        Operation(
            method="GET",
            path="/metrics",
            handle=health.metrics,
            name="getMetrics",
            title="Counters for Prometheus",
            tag="Health",
            answers={200: Answer("Exposition text.", {"text/plain": {"type": "string"}})},
        ),
    )
