"""What a building in CityGML says of itself besides its shape: known fields by name, generic ones as they are."""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element

from sympolis.plugins.buildings import number, year
from sympolis.plugins.xml import text

_NUMBERS: Final = frozenset(("int", "double", "measure"))
_GENERIC: Final = frozenset(
    (*(f"{one}Attribute" for one in (*_NUMBERS, "string", "date", "uri")), "genericAttribute")
)
_MOST: Final = 200
"""Generic attributes of one building."""


def told(thing: Element) -> dict[str, Any]:
    """``id, kind, name, function, usage, storeys, storeys_below, year, roof`` and the generic attributes."""
    return {
        **_generic(thing),
        "id": thing.get("id"),
        "kind": thing.tag,
        "name": text(thing, "name"),
        "function": text(thing, "function") or text(thing, "class"),
        "usage": text(thing, "usage"),
        "storeys": number(text(thing, "storeysAboveGround")),
        "storeys_below": number(text(thing, "storeysBelowGround")),
        "year": year(text(thing, "yearOfConstruction") or text(thing, "dateOfConstruction")),
        "roof": text(thing, "roofType"),
    }


def _generic(thing: Element) -> dict[str, Any]:
    """2.0: ``<stringAttribute name="x"><value>``; 3.0: ``<genericAttribute><StringAttribute><name>…<value>``."""
    found: dict[str, Any] = {}
    for child in thing:
        if child.tag not in _GENERIC or len(found) >= _MOST:
            continue
        holder = child if child.tag != "genericAttribute" else next(iter(child), child)
        name = holder.get("name") or text(holder, "name")
        value = text(holder, "value")
        if name and value is not None:
            found[name] = number(value) if holder.tag.removesuffix("Attribute").lower() in _NUMBERS else value
    return found
