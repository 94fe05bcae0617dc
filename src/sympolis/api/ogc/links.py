"""Links between the documents of the OGC APIs (RFC 8288), which all of them are full of."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

ROOT: Final = "/ogc"


def link(href: str, relation: str, media: str, title: str) -> dict[str, str]:
    """A link as these APIs write it."""
    return {"href": href, "rel": relation, "type": media, "title": title}


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe=":")
