"""One dataset in several vocabularies, over HTTP and on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis import settings
from sympolis.city import check
from sympolis.cli.client import connect
from sympolis.cli.verbs import app
from sympolis.domain import errors
from sympolis.testing.small_city import write_package

OWN = """
id = "inspire-road"
version = "1"
title = { en = "Roads as INSPIRE would name them" }
from = ["RoadSegment"]
type = "RoadLink"
id_path = "inspireId.localId"
[[rules]]
take = "length"
put = "lengthKm"
unit = "KMT"
from_unit = "MTR"
[[rules]]
take = "roadClass"
put = "functionalClass"
codes = { residential = "sixthClass" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_package(tmp_path / "smallville")
    (folder / "mediations").mkdir()
    (folder / "mediations/inspire-road.toml").write_text(OWN)
    return folder


def asked(folder: Path) -> Any:
    return settings.read({"city": str(folder), "data": folder.parent / "data", "store": "memory"})


def test_a_dataset_serves_several_vocabularies(folder: Path) -> None:
    with connect(asked(folder)) as twin:
        for source in ("streets", "loops", "counts"):
            twin.post(f"/api/sources/{source}/runs", {})
        ways = {one["id"]: one["datasets"] for one in twin.get("/api/mediations")}
        assert ways["inspire-road"] == ["/api/datasets/streets/as/inspire-road"]
        assert "/api/datasets/counts/as/datex2-traffic" in ways["datex2-traffic"]
        found = twin.get("/api/datasets/streets/as/inspire-road?limit=3")
        assert (found["total"], len(found["results"])) == (8, 3)
        first = found["results"][0]
        assert first["functionalClass"] == "sixthClass"
        assert first["inspireId"]["localId"].startswith("urn:ngsi-ld:RoadSegment:smallville:")
        whole = twin.entities("/ngsi-ld/v1/entities?type=RoadSegment&limit=1")[0]
        assert first["lengthKm"] == pytest.approx(whole["length"]["value"] / 1000)
        assert {one["attribute"] for one in found["lost"]} == {"name", "capacity", "location"}
        counts = twin.get("/api/datasets/counts/as/sosa")
        assert counts["results"][0]["observedProperty"].endswith("/intensity")
        assert twin.get("/api/datasets/counts/as/datex2-traffic")["results"][0]["physicalQuantity"][
            "trafficFlow"
        ]


def test_as_linked_data(folder: Path) -> None:
    with connect(asked(folder)) as twin:
        for source in ("loops", "counts"):
            twin.post(f"/api/sources/{source}/runs", {})
        reply = twin.raw("GET", "/api/datasets/counts/as/sosa", headers={"accept": "application/ld+json"})
        document = json.loads(reply.body)
        from pyld import jsonld

        quads = jsonld.to_rdf(document, {"format": "application/n-quads"})
        assert (
            "<http://www.w3.org/ns/sosa/hasFeatureOfInterest> <urn:ngsi-ld:ItemFlowObserved:smallville:0>"
            in quads
        )


def test_what_does_not_fit_is_a_sentence(folder: Path) -> None:
    with connect(asked(folder)) as twin:
        with pytest.raises(errors.NotFound, match="sossa"):
            twin.get("/api/datasets/streets/as/sossa")
        with pytest.raises(errors.InvalidRequest, match="not for RoadSegment"):
            twin.get("/api/datasets/streets/as/datex2-traffic")
    file = folder / "mediations/inspire-road.toml"
    file.write_text(OWN.replace('"KMT"', '"CEL"'))
    assert any("does not convert" in str(one) for one in check.check(folder))


def test_the_commands(folder: Path) -> None:
    where = ["--city", str(folder), "--data", str(folder.parent / "data")]
    runner = CliRunner()
    assert runner.invoke(app, ["source", "run", "streets", *where]).exit_code == 0
    assert "inspire-road" in runner.invoke(app, ["data-model", "mediations", *where]).output
    done = runner.invoke(
        app, ["data-model", "translate", "streets", "inspire-road", *where, "--format", "json"]
    )
    assert done.exit_code == 0 and json.loads(done.output)["entities"] == 8
