"""What a source file may say under ``[settings]`` for JSON."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class JsonSettings:
    """Where the rows are in the document, and the limits of the file."""

    rows: str = option("", pattern=r"(/([^~/]|~[01])*)*")
    """JSON Pointer to the list of rows, e.g. ``/result/records``; empty: the document is the list."""
    lines: bool = False
    """One document per line (NDJSON), each of them a row."""
    flatten: bool = True
    """Members of nested objects become fields with dotted names, ``address.street``."""
    geometry: str = ""
    """The field that holds a GeoJSON geometry."""
    max_size_mb: int = option(200, minimum=1, maximum=4000, unit="MB")
    """A document is read whole; a larger one is refused rather than filling the memory."""
