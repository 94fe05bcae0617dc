"""Zips of strangers: what swells, leads elsewhere, is there twice or cannot be read is refused with the reason."""

from __future__ import annotations

import io
import zipfile

import pytest

from sympolis.domain import errors
from sympolis.domain.archives import read_archive, write_archive

MOST = 16 << 20


def zipped(*members: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as out:
        for name, body in members:
            out.writestr(name, body)
    return content.getvalue()


def encrypted() -> bytes:
    """A zip whose one file claims a password."""
    content = bytearray(zipped(("a", b"x" * 100)))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags] |= 1
    return bytes(content)


@pytest.mark.parametrize("deflated", [True, False])
def test_what_is_written_is_read_again_and_is_always_the_same(deflated: bool) -> None:
    files = {"b/c.txt": "è".encode() * 500, "a": b""}
    content = write_archive(files, deflated=deflated)
    assert content == write_archive(files, deflated=deflated)
    assert (len(content) < 1000) is deflated
    archive = read_archive(content, where="zip", most=MOST)
    archive.only(files)
    assert {name: archive.take(name, 2000) for name in archive.names} == files
    assert archive.text("b/c.txt", 2000) == "è" * 500


def test_whoever_unpacks_it_may_read_the_files() -> None:
    with zipfile.ZipFile(io.BytesIO(write_archive({"a": b"x"}))) as bundle:
        assert bundle.getinfo("a").external_attr >> 16 & 0o777 == 0o644


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"PK", errors.BadRequestData, "not a zip"),
        (zipped(("a", b"x"))[:-10], errors.BadRequestData, "not a zip"),
        (zipped(("a", bytes(MOST))), errors.BadRequestData, "more than 100 times"),
        (zipped(("a", bytes(MOST + 1))), errors.PayloadTooLarge, "inflates to more than"),
        (zipped(("a", b"x"), packing=zipfile.ZIP_LZMA), errors.BadRequestData, "rare way"),
        (zipped(*((str(n), b"") for n in range(1001))), errors.BadRequestData, "more than 1000 files"),
    ],
    ids=["no zip", "cut off", "deflated too well", "too large inside", "packed in a rare way", "too many"],
)
def test_what_is_no_usual_zip_is_not_opened(content: bytes, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        read_archive(content, where="zip", most=MOST)


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped(("a", b"x"), ("a", b"y"))
    with pytest.raises(errors.BadRequestData, match="twice"):
        read_archive(content, where="zip", most=MOST)


@pytest.mark.parametrize("name", ["../a", "/a", "c", "a/"])
def test_only_names_that_are_expected_may_be_in_it(name: str) -> None:
    archive = read_archive(zipped(("a", b"x"), (name, b"y")), where="zip", most=MOST)
    with pytest.raises(errors.BadRequestData, match="no place in it"):
        archive.only(["a"], besides=["b"])


def test_a_file_that_is_wanted_must_be_there_and_short_enough_and_text() -> None:
    archive = read_archive(zipped(("a", b"\xff" * 10)), where="zip", most=MOST)
    with pytest.raises(errors.BadRequestData, match="b is missing"):
        archive.only(["a", "b"])
    with pytest.raises(errors.BadRequestData, match="b is missing"):
        archive.take("b", 10)
    with pytest.raises(errors.PayloadTooLarge, match="longer than 9 bytes"):
        archive.take("a", 9)
    with pytest.raises(errors.BadRequestData, match="is not UTF-8"):
        archive.text("a", 10)


def test_an_encrypted_file_is_a_zip_that_cannot_be_read() -> None:
    archive = read_archive(encrypted(), where="zip", most=MOST)
    with pytest.raises(errors.BadRequestData, match="not a zip that can be read"):
        archive.take("a", 1000)
