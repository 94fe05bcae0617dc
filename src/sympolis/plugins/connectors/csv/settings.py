"""What a source file may say under ``[settings]`` for a CSV table; terms follow the W3C's CSV dialect description."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from sympolis.domain.reading import option


def _encoding_complaint(name: str) -> str | None:
    try:
        codecs.lookup(name)
    except LookupError:
        return f"{name!r} is not a known text encoding; most files are utf-8-sig, cp1252 or iso-8859-1"
    return None


@dataclass(frozen=True, kw_only=True)
class CsvSettings:
    """How the table is written."""

    delimiter: str = option(",", pattern=r"[^\"\r\n]|\t")
    quote: str = option('"', pattern=".")
    encoding: str = option("utf-8-sig", check=_encoding_complaint)
    """``utf-8-sig`` reads UTF-8 with or without a byte-order mark."""
    skip_lines: int = option(0, minimum=0, maximum=1000)
    """Lines before the header line, such as a title."""
    missing: tuple[str, ...] = ("",)
    """Cell texts that mean "no value"."""
    strip: bool = True
    """Take blanks off both ends of every cell and column name."""
