"""What stands in for data that the twin does not have: found, handed over under the wanted name, and said."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.orchestration import fitting
from sympolis.orchestration.compatibility import Compatibility
from sympolis.orchestration.gather import gather
from sympolis.plugins.simulator import Need
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import ToySimulator

TERMS = Contexts().core()
GRID = Need(
    "grid", "Coverage", ("size",), where={"variable": "measured"}, instead={"variable": ("guessed", "old")}
)
DAYS = Need("days", "Weather", ("warm",), proxies={"warm": ("typical",)}, history=True)


class Asking(ToySimulator):
    """For tests only."""

    id = "asking"
    needs = (GRID, DAYS)


def coverage(number: int, variable: str) -> Entity:
    found: dict[str, Any] = {"variable": variable, "size": number}
    attributes = {TERMS.expand(k): (Attribute(AttributeKind.PROPERTY, v),) for k, v in found.items()}
    return Entity(f"urn:ngsi-ld:Coverage:t:{number}", (TERMS.expand("Coverage"),), attributes)


def day(name: str, value: float) -> Entity:
    at = datetime(2024, 7, 1, tzinfo=UTC)
    attribute = Attribute(AttributeKind.PROPERTY, value, observed_at=at)
    return Entity("urn:ngsi-ld:Weather:t:1", (TERMS.expand("Weather"),), {TERMS.expand(name): (attribute,)})


def gathered(*entities: Entity) -> Any:
    async def run() -> Any:
        broker = Broker(MemoryStore())
        await broker.upsert(list(entities))
        compatible = Compatibility(broker, TERMS, lambda: datetime(2025, 1, 1, tzinfo=UTC))
        return await gather(broker, TERMS, Asking.needs), await compatible.of(Asking)

    return asyncio.run(run())


def test_the_wanted_thing_keeps_its_stand_in_away() -> None:
    inputs, (grid, _) = gathered(coverage(1, "guessed"), coverage(2, "measured"), day("warm", 30.0))
    assert [one["size"] for one in inputs["grid"]] == [2]
    assert "proxies" not in inputs["grid"][0]
    assert grid.proxies == ()


def test_the_best_that_there_is_stands_in_and_is_named() -> None:
    inputs, (grid, _) = gathered(
        coverage(1, "old"), coverage(2, "guessed"), coverage(3, "other"), day("warm", 1.0)
    )
    assert [(one["size"], one["proxies"]) for one in inputs["grid"]] == [(2, {"variable": "guessed"})]
    assert grid.proxies == (("measured", "guessed", 1),)
    assert any("guessed" in note.text["en"] for note in grid.adaptations)


def test_a_history_may_stand_in_under_the_wanted_name() -> None:
    inputs, (_, days) = gathered(coverage(1, "measured"), day("typical", 28.0))
    [one] = inputs["days"]
    assert one["series"]["warm"]["values"] == [28.0]
    assert one["proxies"] == {"warm": "typical"}
    assert days.proxies == (("warm", "typical", 1),)


def test_every_stand_in_is_said_beside_the_figures() -> None:
    inputs, _ = gathered(coverage(1, "guessed"), day("typical", 28.0))
    assert fitting.stand_ins(Asking.needs, inputs) == [
        "guessed stands in for measured of 1 Coverage entities",
        "typical stands in for warm of 1 Weather entities",
    ]
