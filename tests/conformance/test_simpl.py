"""Self-descriptions of what a city offers against the shapes of the SIMPL core ontology, as its authority would check.

The shapes lie beside the project (``../shared/conformance``), never in it. The example that was published with them
is a negative one: it does not conform.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sympolis.app.assembly import open_twin
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.records import MemoryRecords
from sympolis.dataspace.simpl import descriptions
from sympolis.dataspace.simpl.plan import SimplPlan
from sympolis.settings import Settings

PACK = Path(__file__).parents[2].parent / "shared" / "conformance" / "simpl"
pytestmark = [
    pytest.mark.pack,
    pytest.mark.skipif(not PACK.is_dir(), reason="the conformance pack is not beside the project"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
PLAN = SimplPlan(
    authority="https://authority.example",
    organisation="City of Smallville",
    contact="twin@city.eu",
    country="IT",
    root="root.pem",
)


def violations(document: Any) -> int:
    """How many results the shapes give."""
    from pyshacl import validate
    from rdflib import Graph

    shapes = Graph().parse(PACK / "tfds-schemas" / "shape" / "simpl_shapes.ttl")
    data = Graph().parse(data=json.dumps(document), format="json-ld")
    assert len(data)
    conforms, _, text = validate(data, shacl_graph=shapes, advanced=True)
    found = int(text.partition("Results (")[2].partition(")")[0] or 0)
    assert conforms == (found == 0)
    return found


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the first city of the demo offers, described."""
    from sympolis.api.offering import Offering

    folder = tmp_path_factory.mktemp("data")

    async def described() -> list[dict[str, Any]]:
        settings = Settings(data=folder, store="memory", public_url="https://twin.city.example")
        twin = await open_twin(settings)
        try:
            federation, parts = twin.federation, twin.asgi._parts
            assert federation is not None
            catalogue = await Offering(parts, twin.city, twin.coordinator).catalogue(
                "https://twin.city.example"
            )
            provider = descriptions.Provider(
                federation.own.did(),
                federation.own.address(),
                federation.own.endpoints()["CatalogService"],
                federation.rulebook(),
                PLAN,
                KeyRing(MemoryRecords()),
            )
            return [
                *(descriptions.of_dataset(one, provider) for one in catalogue.datasets),
                *(descriptions.of_service(one, provider) for one in catalogue.services),
            ]
        finally:
            await twin.close()

    return asyncio.run(described())


def test_everything_that_a_city_offers_conforms(offered: list[dict[str, Any]]) -> None:
    assert {one["@type"] for one in offered} == {"simpl:DataOffering", "simpl:ApplicationOffering"}
    found = {one["@id"]: violations(one) for one in offered}
    assert not {name: count for name, count in found.items() if count}


def test_what_lacks_a_part_does_not_conform(offered: list[dict[str, Any]]) -> None:
    for name in ("simpl:offeringPrice", "simpl:edcConnector", "simpl:providerInformation"):
        assert violations({key: value for key, value in offered[0].items() if key != name}) > 0


def test_the_example_of_others_does_not_conform() -> None:
    example = json.loads((PACK / "example-dataOffering.prometheus-x.json").read_text("utf-8"))
    assert violations(example) > 0
