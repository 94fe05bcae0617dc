"""A source about persons, over the real coordinator: the twin, its quarantine and its lineage see none of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sympolis.app.assembly import open_twin
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import write_package

SOURCE = """
id = "permits"
connector = "csv"
mapping = "permits"
path = "samples/permits.csv"
url = "https://data.smallville.example/permits"
licence = "CC0-1.0"
owner = "Town of Smallville"
attribution = "Town of Smallville"
order = 9
title = { en = "Parking permits by area" }
[privacy]
drop = ["holder"]
pseudonymise = ["plate"]
[privacy.aggregate]
by = ["area"]
k = 3
persons = "plate"
count = "permits"
"""
MAPPING = """
id = "permits"
version = "1"
entity_type = "StatisticalArea"
entity_id = "{area}"
[[attributes]]
name = "population"
field = "permits"
"""
PLATES = [
    ("West", "AB123", "Anna"),
    ("West", "AB124", "Ugo"),
    ("West", "AB125", "Ida"),
    ("East", "AB126", "Leo"),
]


def test_only_groups_of_enough_persons_come_in(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "smallville")
    lines = ["area,plate,holder", *(",".join(one) for one in PLATES), *[",".join(PLATES[3])] * 4]
    for place, text in {
        "sources/permits.toml": SOURCE,
        "mappings/permits.toml": MAPPING,
        "samples/permits.csv": "\n".join(lines) + "\n",
        "local/secrets.toml": f'pseudonyms = "{"k" * 32}"\n',
    }.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    data = tmp_path / "data"
    with asyncio.Runner() as runner:
        twin = runner.run(open_twin(Settings(city=str(folder), data=data)))
        try:
            done = runner.run(twin.coordinator.run("permits"))
            client = Client(twin.asgi, loop=runner.get_loop())
            assert (done.state, done.read, done.accepted, done.error) == ("done", 1, 1, None)
            west = client.get(
                "/ngsi-ld/v1/entities/urn:ngsi-ld:StatisticalArea:smallville:West?options=keyValues"
            )
            assert west.json["https://smallville.example/terms/population"] == 3
            assert (
                client.get("/ngsi-ld/v1/entities/urn:ngsi-ld:StatisticalArea:smallville:East").status == 404
            )
        finally:
            runner.run(twin.close())
    kept = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert kept and not any(word in content for content in kept for word in (b"AB126", b"AB123", b"Anna"))


def test_without_the_key_the_source_fails_and_says_how_to_make_one(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "smallville")
    for place, text in {
        "sources/permits.toml": SOURCE,
        "mappings/permits.toml": MAPPING,
        "samples/permits.csv": "area,plate,holder\nWest,AB123,Anna\n",
    }.items():
        (folder / place).write_text(text, encoding="utf-8")
    with asyncio.Runner() as runner:
        twin = runner.run(open_twin(Settings(city=str(folder), data=tmp_path / "data", store="memory")))
        try:
            done = runner.run(twin.coordinator.run("permits"))
        finally:
            runner.run(twin.close())
    assert done.state == "failed" and "openssl rand -hex 32" in (done.error or "")
