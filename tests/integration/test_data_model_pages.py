"""Data models under their addresses, on the command line, and as the judge of what clients write."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.verbs import app
from sympolis.domain import errors
from sympolis.testing.small_city import write_package

OWN = """
name = "Bench"
version = "2.0.0"
title = { en = "Bench" }
base = "https://smallville.example/terms/"
[attributes.seats]
type = "integer"
minimum = 1
required = true
"""
SOURCE_MODEL = """[model]
name = "RoadSegment"
version = "2.0.0"
mismatch = "warn"
writes = "{writes}"
[expectations]"""
STREET = """
name = "RoadSegment"
version = "2.0.0"
title = { en = "Street" }
base = "https://smallville.example/terms/"
[attributes.length]
type = "number"
unit = "MTR"
minimum = 0
required = true
[attributes.roadClass]
type = "text"
values = ["residential", "primary"]
"""
ID = "urn:ngsi-ld:RoadSegment:smallville:new"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_package(tmp_path / "smallville")
    (folder / "data-models").mkdir()
    (folder / "data-models/Bench.toml").write_text(OWN)
    (folder / "data-models/RoadSegment.toml").write_text(STREET)
    return folder


def asked(folder: Path) -> Any:
    return settings.read({"city": str(folder), "data": folder.parent / "data", "store": "memory"})


def govern(folder: Path, writes: str) -> None:
    file = folder / "sources/streets.toml"
    file.write_text(file.read_text().replace("[expectations]", SOURCE_MODEL.format(writes=writes)))


def test_the_forms_have_addresses(folder: Path) -> None:
    with connect(asked(folder)) as twin:
        names = [(one["name"], one["version"]) for one in twin.get("/api/data-models")]
        assert ("Bench", "2.0.0") in names and ("RoadSegment", "1.0.0") in names
        schema = twin.get("/api/data-models/Bench/2.0.0/schema.json")
        assert schema["$id"].endswith("/api/data-models/Bench/2.0.0/schema.json")
        assert not jsonschema_rs.is_valid(schema, {"id": "urn:x:1", "type": "Bench", "seats": 0})
        for accept, part in (
            ("text/html", b"<table>"), ("text/turtle", b"sh:NodeShape"), ("application/ld+json", b"@context"),
            ("application/schema+json", b"$schema"), ("application/json", b"attributes"),
        ):  # fmt: skip
            reply = twin.raw("GET", "/api/data-models/Bench/2.0.0", headers={"accept": accept})
            assert reply.headers["content-type"].startswith(accept)
            assert part in reply.body
        assert twin.get("/api/data-models/RoadSegment")["version"] == "2.0.0"
        with pytest.raises(errors.NotFound, match="no version 9"):
            twin.get("/api/data-models/Bench/9.0.0/schema.json")


def write(twin: Client, body: dict[str, Any], method: str = "POST", path: str = "") -> None:
    city = twin.get("/api/city")["context"]
    link = f'<http://127.0.0.1{city}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    twin.raw(method, f"/ngsi-ld/v1/entities{path}", body, headers={"link": link})


GOOD = {"id": ID, "type": "RoadSegment", "length": {"type": "Property", "value": 5, "unitCode": "MTR"}}


def test_a_governed_type_refuses_what_does_not_conform(folder: Path) -> None:
    govern(folder, "reject")
    with connect(asked(folder)) as twin:
        with pytest.raises(errors.BadRequestData, match="length is missing"):
            write(twin, {"id": ID, "type": "RoadSegment"})
        with pytest.raises(errors.BadRequestData, match=r"streets promises: length -5 is not number"):
            write(twin, {**GOOD, "length": {"type": "Property", "value": -5}})
        write(twin, GOOD)
        with pytest.raises(errors.BadRequestData, match="roadClass 'alley'"):
            write(twin, {"roadClass": {"type": "Property", "value": "alley"}}, "PATCH", f"/{ID}")
        with pytest.raises(errors.BadRequestData, match="length is missing"):
            write(twin, {"length": {"type": "Property", "value": "urn:ngsi-ld:null"}}, "PATCH", f"/{ID}")
        write(twin, {"roadClass": {"type": "Property", "value": "primary"}}, "PATCH", f"/{ID}")
        write(
            twin, {"id": "urn:ngsi-ld:Other:1", "type": "Other", "length": {"type": "Property", "value": -1}}
        )


@pytest.mark.parametrize("writes", ["warn", "accept"])
def test_otherwise_it_is_taken(folder: Path, writes: str) -> None:
    govern(folder, writes)
    with connect(asked(folder)) as twin:
        write(twin, {**GOOD, "length": {"type": "Property", "value": -5}})
        assert twin.entities(f"/ngsi-ld/v1/entities/{ID}")["length"]["value"] == -5


def test_how_a_dataset_keeps_to_its_model(folder: Path) -> None:
    govern(folder, "accept")
    samples = folder / "samples/streets.geojson"
    document = json.loads(samples.read_text())
    document["features"][0]["properties"]["length"] = -1
    samples.write_text(json.dumps(document))
    with connect(asked(folder)) as twin:
        assert twin.post("/api/sources/streets/runs", {})["accepted"] == 8
        found = twin.get("/api/datasets/streets/conformance")
        assert (found["model"], found["judged"]) == ("RoadSegment", 8)
        assert [(one["attribute"], one["rows"]) for one in found["findings"]] == [("length", 1)]
        assert twin.get("/api/datasets/loops/conformance")["model"] is None


def sympolis(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout


def test_the_commands(folder: Path, tmp_path: Path) -> None:
    code, shown = sympolis("data-model", "list", "--city", str(folder), "--format", "json")
    assert code == 0 and "Bench" in {one["name"] for one in json.loads(shown)}
    code, shown = sympolis("data-model", "show", "Bench", "--as", "schema", "--city", str(folder))
    assert code == 0 and json.loads(shown)["required"] == ["id", "type", "seats"]
    assert sympolis("data-model", "show", "Bench", "--as", "poem", "--city", str(folder))[0] == 2
    file = tmp_path / "benches.json"
    file.write_text(json.dumps([{"id": "urn:x:1", "type": "Bench", "seats": 3}]))
    assert sympolis("data-model", "check", "Bench", str(file), "--city", str(folder))[0] == 0
    file.write_text(json.dumps({"id": "urn:x:1", "type": "Bench", "seats": 0}))
    code, shown = sympolis(
        "data-model", "check", "Bench", str(file), "--city", str(folder), "--format", "json"
    )
    assert code == 1 and json.loads(shown)[0]["attribute"] == "seats"
