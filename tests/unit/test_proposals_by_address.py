"""Addresses: which portal a page belongs to, and a proposal from what is fetched there."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sympolis.acquisition.retrieval import Downloaded
from sympolis.city import package
from sympolis.city.proposing.desk import Proposer
from sympolis.city.proposing.proposal import Wish
from sympolis.city.proposing.sampling import recognise_address
from sympolis.domain import errors
from sympolis.governance.datamodels.registry import Registry
from sympolis.testing.small_city import write_package


@pytest.mark.parametrize(
    ("url", "connector", "settings", "begin"),
    [
        ("https://opendata.example.it/explore/dataset/alberi-manutenzioni/information/", "opendatasoft",
         {"dataset": "alberi-manutenzioni"}, "https://opendata.example.it"),
        ("https://opendata.example.it/api/explore/v2.1/catalog/datasets/spire/records?limit=2", "opendatasoft",
         {"dataset": "spire"}, "https://opendata.example.it"),
        ("https://ckan.example.de/dataset/luft/resource/0b4cf2f6-9f0c-4d68-a2b1-8d7f8a3b6f5e", "ckan",
         {"resource": "0b4cf2f6-9f0c-4d68-a2b1-8d7f8a3b6f5e"}, "https://ckan.example.de"),
        ("https://ogc.example.de/api/collections/trees/items", "ogc_features", {"collection": "trees"},
         "https://ogc.example.de/api"),
        ("https://wfs.example.de/geo?service=WFS&request=GetFeature&typeNames=app:trees", "wfs",
         {"type_name": "app:trees"}, "https://wfs.example.de/geo"),
        ("https://sta.example.de/FROST/v1.1/Datastreams(5)/Observations", "sensorthings",
         {"resource": "Datastreams(5)/Observations"}, "https://sta.example.de/FROST/v1.1"),
    ],
)  # fmt: skip
def test_portals_are_recognised(url: str, connector: str, settings: Mapping[str, Any], begin: str) -> None:
    found = recognise_address(url)
    assert found is not None
    assert (found[0].connector, found[0].settings, found[1]) == (connector, settings, begin)


def test_a_download_is_no_portal() -> None:
    assert recognise_address("https://example.org/data/parking.csv") is None


CSV = "codice;nome;posti totali;lat;lon\n" + "\n".join(
    f"P{n};Posto {n};{n * 10};44.5;11.3" for n in range(1, 9)
)
RECORDS = {"total_count": 3, "results": [
    {"codice": f"T{n}", "specie": "Acer", "altezza": 5 + n, "geo_point_2d": {"lon": 11.3, "lat": 44.5}}
    for n in range(3)
]}  # fmt: skip


class Portal:
    """Answers with files; remembers what was asked."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies, self.asked = list(bodies), list[str]()

    async def __call__(
        self, url: str, *, headers: Mapping[str, str], to: Path, most_bytes: int, **limits: Any
    ) -> Downloaded:
        self.asked.append(url)
        to.write_bytes(self.bodies.pop(0))
        return Downloaded(200)


async def proposed(folder: Path, url: str, portal: Portal | None) -> tuple[Any, str]:
    proposer = Proposer(package.load(folder), Registry(), portal)
    async with proposer.of_address(url, Wish()) as found:
        return found.proposal, found.sample.read_text()


def test_a_download(tmp_path: Path) -> None:
    portal = Portal(CSV.encode())
    folder = write_package(tmp_path / "smallville")
    found, sample = asyncio.run(proposed(folder, "https://example.org/data/parcheggi.php?f=csv", portal))
    assert portal.asked == ["https://example.org/data/parcheggi.php?f=csv"]
    assert (found.id, found.source["connector"], sample) == ("parcheggi", "csv", CSV)
    assert found.source["path"] == "samples/parcheggi.csv"
    assert found.source["refresh"] == {"url": "https://example.org/data/parcheggi.php?f=csv"}
    assert found.mapping["entity_type"] == "OffStreetParking"


def test_a_dataset_of_a_portal(tmp_path: Path) -> None:
    portal = Portal(json.dumps(RECORDS["results"]).encode(), b"[]")
    folder = write_package(tmp_path / "smallville")
    url = "https://opendata.example.it/explore/dataset/alberi/information/"
    found, _ = asyncio.run(proposed(folder, url, portal))
    assert portal.asked[0].startswith("https://opendata.example.it/")
    assert found.source["connector"] == "opendatasoft"
    assert found.source["settings"] == {"dataset": "alberi"}
    assert found.source["url"] == url
    assert found.source["refresh"]["url"] == "https://opendata.example.it"
    assert found.mapping["entity_type"] == "Tree"


def test_where_nothing_may_be_fetched(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "smallville")
    with pytest.raises(errors.Conflict, match="file"):
        asyncio.run(proposed(folder, "https://example.org/x.csv", None))
