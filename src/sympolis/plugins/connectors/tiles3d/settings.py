"""What a source file may say under ``[settings]`` for 3D Tiles."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class Tiles3dSettings:
    """Which part of a tileset is read, what makes a building in it, and how large it may be."""

    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees: tiles outside are not fetched, buildings with their middle outside go."""
    features: str = option("ids", choices=("ids", "nodes"))
    """``ids``: each feature id is a building; ``nodes``: each node of the glTF, for models without feature ids."""
    id: str = ""
    """The property that names a building; without it ``id``, ``gml_id`` or their kin, else tile and number."""
    height: str = ""
    """The property with a measured height in metres; without it ``height``, ``measuredHeight`` or their kin; ``-``:
    from the geometry alone."""
    most_tiles: int = option(5_000, minimum=1, maximum=9_000)
    """Files that a tileset may be made of."""
    most_mb: int = option(64, minimum=1, maximum=1_000, unit="MB")
    """Of one file, also unpacked."""
