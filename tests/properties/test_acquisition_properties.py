"""Whatever rows a source gives, each is accounted for once; and the same rows again change nothing."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import MemoryLedger, RowState, RunSummary
from sympolis.acquisition.mapping import AttributeRule, EntityMapping, GeometryRule, TimeRule
from sympolis.acquisition.source import Expectation, Expectations, Source
from sympolis.acquisition.translate import Place
from sympolis.context.broker import Broker
from sympolis.context.store import StoreStatus
from sympolis.context.terms import Contexts
from sympolis.domain.entity import AttributeKind
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.stores.memory import MemoryStore

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class NoSettings:
    """The connector below has no options."""


class Given:
    """A connector that yields what the test gave it."""

    id: ClassVar[str] = "given"
    settings_type: ClassVar[type] = NoSettings

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def read(self, origin: Origin, settings: Any) -> Iterator[Record]:
        for number, row in enumerate(self._rows, start=1):
            yield Record(number, row, row.get("shape"), ("is odd",) if row.get("odd") else ())


MAPPING = EntityMapping(
    id="m",
    version="1",
    entity_type="Thing",
    entity_id="{id}",
    time=TimeRule(fields=("at",)),
    geometry=GeometryRule(required=False),
    attributes=(
        AttributeRule(name="speed", field="speed", unit="KMH", observed=True, optional=True),
        AttributeRule(
            name="near", field="near", kind=AttributeKind.RELATIONSHIP, target="Thing", optional=True
        ),
    ),
)
EXPECTATIONS = Expectations(min_rows=0, attributes={"speed": Expectation(low=0, high=130)})
SOURCE = Source(
    id="s", title={"en": "S"}, connector="given", mapping="m", path="x", url="https://x.example", licence="CC0-1.0",
    owner="o", attribution="a", expectations=EXPECTATIONS,
)  # fmt: skip

odd_values = st.one_of(
    st.none(), st.booleans(), st.integers(-50, 200), st.floats(), st.text(max_size=5), st.just([1])
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["a", "b", "c d", "", None]),
            "at": st.sampled_from(["2024-05-01", "2024-05-02T08:00:00Z", "2031-01-01", "soon", None]),
        },
        optional={
            "speed": odd_values,
            "near": st.sampled_from(["a", "x y", 3]),
            "odd": st.booleans(),
            "shape": st.sampled_from([{"type": "Point", "coordinates": [11.3, 44.5]}, {"type": "Point"}, {}]),
        },
    ),
    max_size=25,
)


def run(
    given_rows: list[dict[str, Any]], times: int = 1
) -> tuple[list[RunSummary], list[StoreStatus], Coordinator]:
    """Run the source ``times`` times over the same twin."""
    broker = Broker(MemoryStore())
    connector: Connector = Given(given_rows)
    coordinator = Coordinator(
        broker,
        Contexts().core(),
        place=Place("bologna", "Europe/Rome", (11.22, 44.42, 11.44, 44.56)),
        planned=[PlannedSource(SOURCE, MAPPING, Path(__file__), NoSettings())],
        connectors={"given": connector},
        ledger=MemoryLedger(),
        clock=lambda: NOW,
    )

    async def work() -> tuple[list[RunSummary], list[StoreStatus]]:
        runs, states = [], []
        for _ in range(times):
            runs.append(await coordinator.run("s", force=True))
            states.append(await broker.status())
        return runs, states

    return *asyncio.run(work()), coordinator


@given(rows)
@settings(max_examples=150, deadline=None)
def test_every_row_is_accounted_for_once(given_rows: list[dict[str, Any]]) -> None:
    [summary], _, coordinator = run(given_rows)
    assert summary.error is None
    assert summary.read == len(given_rows)
    assert summary.reconciles
    total, held = coordinator.quarantine("s", limit=100)
    assert total == summary.quarantined
    assert all(row.reasons and row.state is RowState.HELD for row in held)


@given(rows)
@settings(max_examples=75, deadline=None)
def test_the_same_rows_again_change_nothing(given_rows: list[dict[str, Any]]) -> None:
    [first, second], [before, after], coordinator = run(given_rows, times=2)
    assert second.accepted == 0
    assert second.unchanged == first.accepted
    assert (second.duplicates, second.quarantined) == (first.duplicates, first.quarantined)
    assert coordinator.quarantine("s")[0] == first.quarantined
    assert before == after


@given(rows)
@settings(max_examples=75, deadline=None)
def test_replaying_a_row_twice_is_replaying_it_once(given_rows: list[dict[str, Any]]) -> None:
    _, _, coordinator = run(given_rows)
    mended = {"id": "new", "at": "2024-05-01", "speed": 5, "near": "a", "geometry": None}

    async def replay() -> None:
        for row in coordinator.quarantine("s", limit=100)[1]:
            fields = {
                name: value for name, value in mended.items() if name in {*row.fields, "id", "at", "geometry"}
            }
            once = await coordinator.replay("s", row.id, fields)
            twice = await coordinator.replay("s", row.id, fields)
            assert once.state is twice.state is RowState.REPLAYED
            assert once.corrected == twice.corrected

    asyncio.run(replay())
    again = asyncio.run(coordinator.run("s", force=True))
    assert (again.accepted, again.quarantined, again.reconciles) == (0, 0, True)
