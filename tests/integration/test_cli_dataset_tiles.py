"""`sympolis dataset tiles`: a dataset's map as one file, readable by what reads such files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.verbs import app as command
from sympolis.testing.small_city import write_package

reading = pytest.importorskip("pmtiles.reader")


def test_all_tiles_of_a_dataset_in_one_file(tmp_path: Path) -> None:
    city = write_package(tmp_path / "smallville")
    with connect(settings.read({"city": str(city), "data": tmp_path / "data"})) as twin:
        twin.post("/api/sources/streets/runs", {})
        first = twin.get("/ogc/collections/RoadSegment/items?limit=1")["features"][0]["id"]
    out = tmp_path / "roads.pmtiles"
    words = ["--out", str(out), "--city", str(city), "--data", str(tmp_path / "data"), "--format", "json"]
    done = CliRunner().invoke(command, ["dataset", "tiles", "streets", *words])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["collection"] == "RoadSegment" and told["bytes"] == out.stat().st_size
    content = out.read_bytes()
    archive = reading.Reader(lambda offset, length: content[offset : offset + length])
    tiles = [gzip.decompress(tile) for _, tile in reading.all_tiles(archive.get_bytes)]
    assert len(tiles) > 10 and any(first.encode() in tile for tile in tiles)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["nothing", "--out", "x.pmtiles"], 3), (["nothing"], 2), (["nothing", "--out", "none/x.pmtiles"], 3)],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: list[str], code: int) -> None:
    city = write_package(tmp_path / "smallville")
    named = [str(tmp_path / word) if word.endswith("pmtiles") else word for word in words]
    more = ["--city", str(city), "--data", str(tmp_path / "data")]
    assert CliRunner().invoke(command, ["dataset", "tiles", *named, *more]).exit_code == code
    assert not list(tmp_path.glob("*.pmtiles"))
