"""Tables of what the twin answered, as pandas and geopandas know them; both are loaded when a frame is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sympolis.domain import errors

_HINT = "pip install 'sympolis[client]'"


def frame(features: Sequence[Mapping[str, Any]], attrs: Mapping[str, Any]) -> Any:
    """A DataFrame: one row per feature, by id, places as two columns of degrees where they are points."""
    pandas = _pandas()
    rows = [{**_properties(feature), **_position(feature.get("geometry"))} for feature in features]
    index = pandas.Index([feature["id"] for feature in features], name="id")
    found = pandas.DataFrame(rows, index=index)
    found.attrs.update(attrs)
    return found


def geoframe(features: Sequence[Mapping[str, Any]], attrs: Mapping[str, Any]) -> Any:
    """A GeoDataFrame in WGS84: one row per feature, by id."""
    try:
        import geopandas
        import shapely.geometry
    except ImportError as problem:
        raise _missing("geopandas") from problem
    pandas = _pandas()
    index = pandas.Index([feature["id"] for feature in features], name="id")
    rows = [_properties(feature) for feature in features]
    shapes = [
        None if one["geometry"] is None else shapely.geometry.shape(one["geometry"]) for one in features
    ]
    found = geopandas.GeoDataFrame(pandas.DataFrame(rows, index=index), geometry=shapes, crs="OGC:CRS84")
    found.attrs.update(attrs)
    return found


def series(rows: Iterable[tuple[str, str | None, str, Any]], name: str, attrs: Mapping[str, Any]) -> Any:
    """A DataFrame of a history: ``entity``, ``time`` (aware, UTC) and the attribute; ``dataset`` where there is one."""
    pandas = _pandas()
    listed = list(dict.fromkeys(rows)) if _plain(rows := list(rows)) else rows
    found = pandas.DataFrame(listed, columns=["entity", "dataset", "time", name])
    found["time"] = pandas.to_datetime(found["time"], utc=True, format="ISO8601")
    if found["dataset"].isna().all():
        found = found.drop(columns=["dataset"])
    found.attrs.update(attrs)
    return found


def table(rows: Sequence[Mapping[str, Any]], attrs: Mapping[str, Any] | None = None) -> Any:
    """A DataFrame of documents, their inner objects spread over columns."""
    found = _pandas().json_normalize(list(rows))
    found.attrs.update(attrs or {})
    return found


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    """All but the place, which is shown as such."""
    return {name: value for name, value in feature["properties"].items() if name != "location"}


def _plain(rows: Sequence[tuple[Any, ...]]) -> bool:
    return all(isinstance(row[-1], str | int | float | None) for row in rows)


def _position(geometry: Mapping[str, Any] | None) -> dict[str, float]:
    if geometry is None or geometry["type"] != "Point":
        return {}
    longitude, latitude = geometry["coordinates"][:2]
    return {"longitude": longitude, "latitude": latitude}


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as problem:
        raise _missing("pandas") from problem
    return pandas


def _missing(name: str) -> errors.SettingsInvalid:
    return errors.SettingsInvalid(f"frames need {name}, which is not installed", where=name, hint=_HINT)
