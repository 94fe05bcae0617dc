"""Any sequence of requests has the same answers from the embedded store as from the memory store, restarts included."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.terms import Contexts
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, exchange

ROOT = "/ngsi-ld/v1"
IDS = st.sampled_from([f"urn:a:{number}" for number in range(4)])
NAMES = st.sampled_from(["speed", "name", "location", "of"])
HOURS = st.integers(0, 5)
TENANTS = st.sampled_from(["", "", "", "Ost"])


def _at(hour: int) -> str:
    return f"2024-01-01T0{hour}:00:00Z"


VALUES = st.one_of(st.integers(-2, 2), st.sampled_from(["a", "b", 1.5, True, None, {"x": 1}, [1, "a"]]))
PROPERTIES = st.fixed_dictionaries(
    {"type": st.just("Property"), "value": VALUES},
    optional={
        "observedAt": HOURS.map(_at),
        "unitCode": st.sampled_from(["KMH", "MTR"]),
        "datasetId": st.just("urn:d:1"),
        "why": st.just({"type": "Property", "value": "x"}),
    },
)
OBSERVED = st.tuples(PROPERTIES, HOURS).map(lambda two: {**two[0], "observedAt": _at(two[1])})
"""Without a time the API would take its own, which is not the stores'."""
POINTS = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(
    lambda xy: {"type": "GeoProperty", "value": {"type": "Point", "coordinates": list(xy)}}
)
LINKS = IDS.map(lambda one: {"type": "Relationship", "object": one})
ATTRIBUTES = st.one_of(PROPERTIES, PROPERTIES, POINTS, LINKS)
FRAGMENTS = st.dictionaries(NAMES, ATTRIBUTES, min_size=1, max_size=3)
ENTITIES = st.builds(
    lambda key, types, attributes, scope: {"id": key, "type": types, **attributes, **scope},
    IDS,
    st.sampled_from(["Road", "City", ["City", "Road"]]),
    FRAGMENTS,
    st.sampled_from([{}, {"scope": "/a"}, {"scope": ["/a/b", "/c"]}]),
)
QUERIES = st.sampled_from(
    [
        "type=Road",
        "type=City;Road&options=keyValues",
        "q=speed>0",
        "q=speed==1;name",
        "q=!name&type=Road",
        "attrs=location&georel=near;maxDistance==200000&geometry=Point&coordinates=[1,1]",
        "type=Road&limit=1&offset=1&count=true",
        "type=Road&pick=id,speed",
        "scopeQ=/a/%23&type=Road,City",
        "id=urn:a:1,urn:a:3",
        "idPattern=.*2",
        "type=Road&orderBy=speed",
    ]
)
EVOLUTIONS = st.sampled_from(
    [
        "timerel=after&timeAt=2024-01-01T00:00:00Z",
        "timerel=before&timeAt=2024-01-01T03:00:00Z&lastN=1",
        "timerel=after&timeAt=2024-01-01T00:00:00Z&format=temporalValues",
        "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt",
        "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt",
        "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=deletedAt",
        "timerel=between&timeAt=2024-01-01T01:00:00Z&endTimeAt=2024-01-01T05:00:00Z&format=aggregatedValues"
        "&aggrMethods=avg,totalCount&aggrPeriodDuration=PT2H",
    ]
)


HOWS = ["create", "upsert", "upsert?options=update", "update", "update?options=noOverwrite", "merge"]


class TwoBrokers(RuleBasedStateMachine):
    """The memory store is the model."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.time = datetime(2024, 6, 1, tzinfo=UTC)
        self.model: Store = MemoryStore(now=lambda: self.time)
        self.store: Store = EmbeddedStore.open(self.folder, now=lambda: self.time)
        self.apis = [self.api(self.model), self.api(self.store)]

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.store.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    def api(self, store: Store) -> Any:
        return create_api(ApiParts(broker=Broker(store), contexts=Contexts()))

    def both(self, method: str, target: str, json: Any = None, tenant: str = "") -> Answer:
        self.time += timedelta(seconds=1)
        headers = {"ngsild-tenant": tenant} if tenant else {}
        first, second = (
            self.runner.run(exchange(api, method, ROOT + target, json=json, headers=headers))
            for api in self.apis
        )
        assert (first.status, _told(first)) == (second.status, _told(second)), f"{method} {target}"
        assert first.status < 500
        for name in ("ngsild-results-count", "content-range", "location"):
            assert first.header(name) == second.header(name)
        return first

    @rule(entity=ENTITIES, tenant=TENANTS)
    def create(self, entity: Any, tenant: str) -> None:
        self.both("POST", "/entities", entity, tenant)

    @rule(
        entities=st.lists(ENTITIES, min_size=1, max_size=3),
        how=st.sampled_from(
            ["create", "upsert", "upsert?options=update", "update", "update?options=noOverwrite", "merge"]
        ),
    )
    def batch(self, entities: Any, how: str) -> None:
        self.both("POST", f"/entityOperations/{how}", entities)

    @rule(ids=st.lists(IDS, min_size=1, max_size=3))
    def delete_batch(self, ids: Any) -> None:
        self.both("POST", "/entityOperations/delete", ids)

    @rule(key=IDS, fragment=FRAGMENTS, method=st.sampled_from(["PATCH", "POST", "POST ?options=noOverwrite"]))
    def change_attributes(self, key: str, fragment: Any, method: str) -> None:
        verb, _, options = method.partition(" ")
        self.both(verb, f"/entities/{key}/attrs{options}", fragment)

    @rule(key=IDS, fragment=FRAGMENTS)
    def merge(self, key: str, fragment: Any) -> None:
        self.both("PATCH", f"/entities/{key}", fragment)

    @rule(entity=ENTITIES)
    def replace(self, entity: Any) -> None:
        self.both("PUT", f"/entities/{entity['id']}", entity)

    @rule(key=IDS, name=NAMES, attribute=ATTRIBUTES, method=st.sampled_from(["PATCH", "PUT"]))
    def change_attribute(self, key: str, name: str, attribute: Any, method: str) -> None:
        self.both(method, f"/entities/{key}/attrs/{name}", attribute)

    @rule(key=IDS, name=NAMES, how=st.sampled_from(["", "?deleteAll=true", "?datasetId=urn:d:1"]))
    def delete_attribute(self, key: str, name: str, how: str) -> None:
        self.both("DELETE", f"/entities/{key}/attrs/{name}{how}")

    @rule(key=IDS)
    def delete(self, key: str) -> None:
        self.both("DELETE", f"/entities/{key}")

    @rule(key=IDS, name=NAMES, points=st.lists(OBSERVED, min_size=1, max_size=3))
    def add_history(self, key: str, name: str, points: Any) -> None:
        self.both("POST", f"/temporal/entities/{key}/attrs", {name: points})

    @rule(key=IDS, name=NAMES, how=st.sampled_from(["", "?deleteAll=true"]))
    def delete_history(self, key: str, name: str, how: str) -> None:
        self.both("DELETE", f"/temporal/entities/{key}/attrs/{name}{how}")

    @rule(query=QUERIES, tenant=TENANTS)
    def query(self, query: str, tenant: str) -> None:
        self.both("GET", f"/entities?local=true&{quote(query, safe='=&%,;:')}", None, tenant)

    @rule(query=EVOLUTIONS, type_=st.sampled_from(["Road", "City,Road"]))
    def evolution(self, query: str, type_: str) -> None:
        self.both("GET", f"/temporal/entities?local=true&type={type_}&{query}")

    @rule(key=IDS)
    def retrieve(self, key: str) -> None:
        self.both("GET", f"/entities/{key}?options=sysAttrs")
        self.both("GET", f"/temporal/entities/{key}?options=sysAttrs")

    @rule(
        path=st.sampled_from(
            ["/types?details=true", "/attributes?details=true", "/types/Road", "/attributes/speed"]
        )
    )
    def discover(self, path: str) -> None:
        self.both("GET", path)

    @rule()
    def restart(self) -> None:
        self.runner.run(self.store.close())
        self.store = EmbeddedStore.open(self.folder, now=lambda: self.time)
        self.apis[1] = self.api(self.store)

    @invariant()
    def counts_agree(self) -> None:
        if hasattr(self, "apis"):
            first, second = (self.runner.run(one.status()) for one in (self.model, self.store))
            assert (first.position, first.entities, first.observations) == (
                second.position,
                second.entities,
                second.observations,
            )


def _told(answer: Answer) -> Any:
    return _without_request(answer.json) if answer.body else None


def _without_request(document: Any) -> Any:
    """The document without what names the request."""
    if isinstance(document, list):
        return [_without_request(one) for one in document]
    if isinstance(document, dict):
        return {key: _without_request(one) for key, one in document.items() if key != "instance"}
    return document


TwoBrokers.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestTwoBrokers = TwoBrokers.TestCase
