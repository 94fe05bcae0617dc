"""Broken files of other kinds: wrong coordinates, half a JSON or Parquet file, archives that inflate, ids reused."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyproj import Transformer

from sympolis.testing.small_city import loop_id, write_package
from sympolis.testing.steward import MAX_SIZE_MB, Desk, desk_of

ZEROS = bytes(1 << 20)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A town with streets, loops and areas."""
    return desk_of(write_package(tmp_path / "smallville"), tmp_path / "deliveries")


def places(desk: Desk, change: Callable[[float, float], tuple[float, float]], **more: Any) -> str:
    """The loops of the town with ``change`` made to every position."""
    document = json.loads((desk.folder / "samples/loops.geojson").read_text())
    for feature in document["features"]:
        feature["geometry"]["coordinates"] = list(change(*feature["geometry"]["coordinates"]))
        feature["properties"] |= more
    return json.dumps(document)


def size_below(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


# --- places


@pytest.mark.parametrize("crs", ["EPSG:25832", "EPSG:7791", "EPSG:3857", "EPSG:3003"])
def test_metres_are_declared_as_degrees(desk: Desk, crs: str) -> None:
    into = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    desk.deliver("loops", places(desk, into))
    named = "EPSG:25832" if crs == "EPSG:7791" else crs  # the same to less than a metre
    desk.expect_refused(
        "loops",
        it=f"Le coordinate non sono in EPSG:4326; sembrano in {named}.",
        de=f"sie sehen nach {named} aus",
    )


def test_latitude_comes_before_longitude(desk: Desk) -> None:
    desk.deliver("loops", places(desk, lambda x, y: (y, x)))
    desk.expect_refused("loops", it="Le coordinate sembrano scambiate", de="vertauscht", en="look swapped")


def test_the_places_are_in_another_city(desk: Desk) -> None:
    desk.deliver("loops", places(desk, lambda x, y: (x + 2, y + 2)))
    desk.expect_refused("loops", it="4 righe su 4 non passano", en="outside the city")


def test_an_id_is_given_to_another_thing(desk: Desk) -> None:
    """Loop 0 of the new delivery stands six kilometres from loop 0 of the old one."""
    document = json.loads((desk.folder / "samples/loops.geojson").read_text())
    document["features"][0]["geometry"]["coordinates"] = [11.38, 44.52]
    document["features"][0]["properties"]["name"] = "Another loop"
    desk.deliver("loops", json.dumps(document))
    run = desk.run("loops")
    assert (run.read, run.accepted, run.unchanged, run.quarantined) == (4, 0, 3, 1)
    [row] = desk.coordinator.quarantine("loops")[1]
    [reason] = row.reasons
    assert (row.row_number, reason.rule) == (1, "identity")
    assert "7.0 km away" in reason.message
    name = desk.do(desk.broker.retrieve(loop_id(0))).value(desk.terms.expand("name"))
    assert name == "Loop 0", "two histories must not become one"


def test_a_thing_that_moved_across_the_street_is_the_same_thing(desk: Desk) -> None:
    desk.deliver("loops", places(desk, lambda x, y: (x + 0.0004, y)))
    run = desk.run("loops")
    assert (run.accepted, run.quarantined) == (4, 0)


# --- half a file


def test_half_a_json_file(desk: Desk) -> None:
    whole = places(desk, lambda x, y: (x, y))
    desk.deliver("loops", whole[: len(whole) // 2])
    desk.expect_refused("loops", it="Il file finisce a metà", de="bricht mittendrin ab")


def test_a_page_of_the_portal_instead_of_json(desk: Desk) -> None:
    desk.deliver("loops", "<html><head><title>503 Servizio non disponibile</title></head></html>")
    desk.expect_refused("loops", it="una pagina web («503 Servizio non disponibile»)")


def test_another_json_document(desk: Desk) -> None:
    desk.deliver("loops", '{"error": "quota exceeded"}')
    desk.expect_refused("loops", it="Il file non si può leggere: expected a FeatureCollection")


def test_a_property_is_called_something_else(desk: Desk) -> None:
    desk.deliver("loops", places(desk, lambda x, y: (x, y)).replace('"name"', '"nome"'))
    desk.expect_refused("loops", it="L'intestazione è cambiata", en="'name'")


def test_accents_were_lost_on_the_way(desk: Desk) -> None:
    garbled = "Via Libertà".encode().decode("cp1252")
    desk.deliver("loops", places(desk, lambda x, y: (x, y), name=garbled))
    desk.expect_refused("loops", it="Le lettere accentate sono rovinate (ad esempio «Via LibertÃ")


def test_accents_that_are_in_order_are_no_fault(desk: Desk) -> None:
    desk.deliver("loops", places(desk, lambda x, y: (x, y), name="Via Libertà, Größe, São Paulo, Ã"))
    assert desk.run("loops").accepted == 4


def test_half_a_parquet_file(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder = write_package(tmp_path / "smallville")
    source = (folder / "sources/counts.toml").read_text()
    (folder / "sources/counts.toml").write_text(
        source.replace('"csv"', '"parquet"').replace("counts.csv", "counts.parquet")
    )
    lines = (folder / "samples/counts.csv").read_text().splitlines()
    names = lines[0].split(",")
    columns = zip(*(line.split(",") for line in lines[1:]), strict=True)
    stream = io.BytesIO()
    parquet.write_table(arrow.table(dict(zip(names, map(list, columns), strict=True))), stream)
    (folder / "samples/counts.parquet").write_bytes(stream.getvalue())
    desk = desk_of(folder, tmp_path / "deliveries")
    desk.deliver("counts", stream.getvalue()[: len(stream.getvalue()) // 2])
    desk.expect_refused("counts", it="Il file finisce a metà", de="bricht mittendrin ab")


# --- archives


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members:
            bundle.writestr(name, content)
    return stream.getvalue()


def bomb(megabytes: int) -> bytes:
    """A table that inflates a thousandfold."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle,
        bundle.open("counts.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(megabytes):
            member.write(ZEROS)
    return stream.getvalue()


def test_a_table_in_an_archive_is_read_like_the_table_itself(desk: Desk) -> None:
    table = (desk.folder / "samples/counts.csv").read_text().replace(",100,", ",108,", 1)
    desk.deliver("counts", zipped(("readme.txt", b"Conteggi"), ("2024/counts.csv", table.encode())))
    assert desk.run("counts").accepted == 1
    [delivery] = desk.deliveries("counts")
    assert delivery["files"] == ("data.csv", "data.csv.zip"), "the archive stays as it came"


def test_a_gzipped_table_is_read_like_the_table_itself(desk: Desk) -> None:
    table = (desk.folder / "samples/counts.csv").read_text().replace(",100,", ",108,", 1)
    desk.deliver("counts", gzip.compress(table.encode()))
    assert desk.run("counts").accepted == 1


def expect_no_harm(desk: Desk, content: bytes, **words: str) -> None:
    """It is refused, and neither disk nor memory ever held more than the limit."""
    assert len(content) < MAX_SIZE_MB * 1_000_000, "small enough to be let in"
    before = size_below(desk.folder.parent)
    desk.deliver("counts", content)
    tracemalloc.start()
    try:
        desk.expect_refused("counts", **words)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * MAX_SIZE_MB * 1_000_000
    assert size_below(desk.folder.parent) == before, "nothing of it stays on the disk"


def test_a_zip_bomb_of_five_gigabytes(desk: Desk) -> None:
    """It states its size, four gigabytes and more: not one byte of it is unpacked."""
    small = bomb(8)
    claimed = (8 << 20).to_bytes(4, "little")
    assert small.count(claimed) >= 1
    expect_no_harm(
        desk,
        small.replace(claimed, (0xFFFFFFF0).to_bytes(4, "little")),
        it="L'archivio compresso diventerebbe più grande di 5 MB",
        de="größer als 5 MB",
    )


def test_a_zip_bomb_that_lies_about_its_size(desk: Desk) -> None:
    """It says one kilobyte and holds eight megabytes: no more than it says is unpacked, and that is not whole."""
    small = bomb(8)
    liar = small.replace((8 << 20).to_bytes(4, "little"), (1024).to_bytes(4, "little"))
    assert liar != small
    desk.deliver("counts", liar)
    desk.expect_refused("counts", it="Il file finisce a metà")


FIVE_GB = 5_000_000_000
_BLOCK_MB = 64


def five_gigabytes(wbits: int) -> bytes:
    """Five gigabytes of zeros, deflated for real; made from one block, since equal blocks deflate to equal bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    block = bytes(_BLOCK_MB << 20)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    other = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    assert other == again
    return first + other * (FIVE_GB // len(block)) + packer.flush()


def zip_of(name: bytes, packed: bytes, stated: int) -> bytes:
    """A ZIP archive with one deflated member that states another size than it has."""
    sizes = struct.pack("<IIIHH", 0, len(packed), stated, len(name), 0)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes + name
    central = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0x21) + sizes
    central += struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    return local + packed + central + end


def test_five_gigabytes_that_state_no_size_are_stopped_at_the_limit(desk: Desk) -> None:
    """gzip says its size at the end only, and only modulo 4 GB: what comes out is counted."""
    expect_no_harm(desk, five_gigabytes(31), en="Unpacked, the archive would be larger than 5 MB")


def test_five_gigabytes_in_an_archive_that_states_four_megabytes(desk: Desk) -> None:
    """No more is unpacked than is stated, and that is not what the checksum is of."""
    content = zip_of(b"counts.csv", five_gigabytes(-15), 4_000_000)
    assert zipfile.ZipFile(io.BytesIO(content)).infolist()[0].file_size == 4_000_000
    expect_no_harm(desk, content, it="Il file finisce a metà")


def test_a_gzip_bomb(desk: Desk) -> None:
    expect_no_harm(desk, gzip.compress(ZEROS * 64), en="Unpacked, the archive would be larger than 5 MB")


def test_a_bomb_within_an_archive(desk: Desk) -> None:
    inner = zipped(("counts.csv", ZEROS * 4))
    expect_no_harm(
        desk,
        zipped(("layer1.zip", inner)),
        it="Nell'archivio c'è un altro archivio («layer1.zip»): non viene aperto.",
    )


def test_an_archive_called_a_table_within_an_archive(desk: Desk) -> None:
    inner = zipped(("counts.csv", ZEROS))
    expect_no_harm(desk, zipped(("counts.csv", inner)), de="Im Archiv steckt ein weiteres Archiv")


def test_half_an_archive(desk: Desk) -> None:
    whole = zipped(("counts.csv", (desk.folder / "samples/counts.csv").read_bytes()))
    desk.deliver("counts", whole[: len(whole) // 2])
    desk.expect_refused("counts", it="Il file finisce a metà")


def test_an_archive_of_several_tables(desk: Desk) -> None:
    desk.deliver("counts", zipped(("a.csv", b"loop"), ("b.csv", b"loop")))
    desk.expect_refused("counts", it="Nell'archivio ci sono 2 file; ne è atteso uno di tipo .csv.")
