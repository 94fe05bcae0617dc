"""XML of strangers is read element by element, and cannot harm."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from sympolis.domain import errors
from sympolis.plugins.xml import elements, flat, text

ROW = '<n:row n:id="{0}"><n:name> Uno </n:name><n:at><n:x>1</n:x><n:x>2</n:x></n:at></n:row>'
DOCUMENT = '<n:all xmlns:n="https://x.example">' + "".join(ROW.format(n) for n in range(3)) + "</n:all>"


def read(content: str | bytes, *names: str, most_bytes: int = 10**9) -> list[Any]:
    raw = content.encode() if isinstance(content, str) else content
    return list(elements(io.BytesIO(raw), names or ("row",), "x.xml", most_bytes=most_bytes))


def test_elements_come_whole_and_without_namespaces() -> None:
    found = read(DOCUMENT)
    assert [one.get("id") for one in found] == ["0", "1", "2"]
    assert (
        text(found[0], "name") == "Uno" and text(found[0], "at", "x") == "1" and text(found[0], "no") is None
    )
    assert flat(found[0]) == {"@id": "0", "name": "Uno", "at.x": ["1", "2"]}


def test_other_encodings_are_understood() -> None:
    assert len(read(('<?xml version="1.0" encoding="utf-16"?>' + DOCUMENT).encode("utf-16"))) == 3


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]><a><row>&c;</row></a>'
FILE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a><row>&b;</row></a>'


@pytest.mark.parametrize("content", [BOMB, FILE, "<!DOCTYPE html><a><row/></a>"])
def test_a_document_type_is_refused(content: str) -> None:
    with pytest.raises(errors.SourceFailed, match="document type"):
        read(content)


@pytest.mark.parametrize(
    ("content", "part"),
    [(DOCUMENT[:-20], "not XML"), ("", "not XML"), ("id;name\n1;a\n", "not XML"), ("<a>" * 200, "deep")],
)
def test_what_is_broken_is_told(content: str, part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        read(content)


def test_more_than_allowed_is_refused() -> None:
    with pytest.raises(errors.SourceFailed, match="more than"):
        read(f"<a>{'<row/>' * 20_000}</a>", most_bytes=70_000)


class Endless(io.RawIOBase):
    """Two hundred thousand rows that exist one after the other."""

    def __init__(self) -> None:
        self._parts: Iterator[bytes] = iter(
            [b'<n:all xmlns:n="x">', *[ROW.format(1).encode() * 100] * 2_000, b"</n:all>"]
        )

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


def test_memory_does_not_grow_with_the_file() -> None:
    tracemalloc.start()
    try:
        count = sum(1 for _ in elements(Endless(), ("row",), "x", most_bytes=10**9))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 200_000 and peak < 5_000_000
