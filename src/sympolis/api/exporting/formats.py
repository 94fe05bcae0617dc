"""The kinds of files that data can be had as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from sympolis.domain import errors


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its name in ``f``, its media type, whether pyarrow writes it."""

    name: str
    media: str
    arrow: bool = True

    def check(self) -> None:
        """Raise ``NotImplementedHere`` where what writes it is not installed."""
        if self.arrow and find_spec("pyarrow") is None:
            raise errors.NotImplementedHere(
                "this server cannot write such files",
                where="f",
                hint="install sympolis[parquet], or ask for csv",
            )


FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format("parquet", "application/vnd.apache.parquet"),
        Format("arrow", "application/vnd.apache.arrow.stream"),
        Format("csv", "text/csv; charset=utf-8", arrow=False),
    )
}
DATASET_FORMATS: Final[Mapping[str, Format]] = {
    **FORMATS,
    "geojson": Format("geojson", "application/geo+json", arrow=False),
}
"""The same for datasets: collections give GeoJSON by themselves, page by page."""
