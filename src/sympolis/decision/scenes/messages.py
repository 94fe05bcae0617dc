"""What participants of a shared scene tell one another: five short messages, bounded in every part."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

MOST_BYTES: Final = 2048
"""Of one message."""
MOST_NAME: Final = 40

Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Place = tuple[Longitude, Latitude]
Camera = tuple[
    Longitude,
    Latitude,
    Annotated[float, msgspec.Meta(ge=0, le=24)],
    Annotated[float, msgspec.Meta(ge=0, le=90)],
    Annotated[float, msgspec.Meta(ge=-360, le=360)],
]
"""Longitude, latitude, zoom, pitch, bearing [°]."""


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="hello", tag_field="type"):
    """The first message: what to be called; '' for guest and a number."""

    name: Annotated[str, msgspec.Meta(max_length=MOST_NAME)] = ""


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="look", tag_field="type"):
    """What whoever leads shows to all; what is absent stays as it is."""

    camera: Camera | None = None
    scenario: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    """A scenario's id; '' for today."""
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] | None = None
    mode: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    field: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="point", tag_field="type"):
    """Where somebody is or points at; without a place they are nowhere."""

    at: Place | None = None
    height: Annotated[float, msgspec.Meta(ge=-100, le=1000)] | None = None
    """Metres above the ground, of somebody who walks through the scene."""
    heading: Annotated[float, msgspec.Meta(ge=-10_000, le=10_000)] | None = None
    """Radians from north, counter-clockwise."""
    mark: bool = False
    """Whether they point at the place, so that all look there."""


class Lead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="lead", tag_field="type"):
    """From here on the others see what the sender sees."""


class Leave(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="leave", tag_field="type"):
    """Good-bye."""


Message = Hello | Look | Point | Lead | Leave
DECODER: Final = msgspec.json.Decoder(Message)
