"""What ``prepare`` leaves in its folder: the city on its grid with the fitted surface model, areas, streets and the
day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulators.heat_exposure import cells, day, ground, surface, waves
from sympolis.plugins.simulators.heat_exposure.cells import Frame
from sympolis.plugins.simulators.heat_exposure.surface import Model

Values = NDArray[np.float64]
Numbers = NDArray[np.intp]

MODEL_FILE, ARRAYS_FILE = "model.json", "arrays.npz"
FIT_SEED = 20250831
"""Blocks are drawn with this seed, whatever the member's: a member picks one of the refits."""
LEAST_CELLS = 10
STREET_OF_GROUND = 0.5
"""Shade of streets against shade of all ground where the city knows no area by both."""


@dataclass(frozen=True, slots=True)
class Areas:
    """The city's areas, one entry each: ids, people, fragility (100 = the city's mean), shade of streets, cells."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    people: Values
    old: Values
    fragility: Values
    shade: Values
    cells: Values
    temperature_c: Values
    """Mean surface temperature of the newest summers; NaN where fewer than ``LEAST_CELLS`` cells are known."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything a member run needs."""

    frame: Frame
    model: Model
    layers: Mapping[str, Values]
    observed_c: Values
    usable: NDArray[np.bool_]
    area_of: Numbers
    longitude: Values
    latitude: Values
    areas: Areas
    streets: tuple[str, ...]
    street_cell: Numbers
    weather: day.Weather
    notes: Mapping[str, Any]

    @property
    def features(self) -> tuple[str, ...]:
        """What results refer to: areas, then streets."""
        return (*self.areas.ids, *self.streets)


def prepare(inputs: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path) -> Prepared:
    """Fit the surface model and write the folder. Raises ``ModelFailed``."""
    folder.mkdir(parents=True, exist_ok=True)
    frame, observed, summers = ground.temperature(inputs)
    layers = ground.layers_of(inputs, frame)
    found = ground.predictors(layers, frame)
    usable = ground.usable(observed, found)
    model = surface.fit(
        {name: values[usable] for name, values in found.items()},
        ground.signs(), observed[usable], ground.blocks(frame)[usable], FIT_SEED,
    )  # fmt: skip
    longitude, latitude = cells.degrees(frame)
    entities = [e for e in inputs["areas"] if "location" in e]
    area_of = cells.places([e["location"] for e in entities], longitude, latitude)
    weather, heat = day.read(inputs["weather"])
    roads = [e for e in inputs.get("roads", ()) if e.get("location", {}).get("type") == "LineString"]
    prepared = Prepared(
        frame, model, layers, observed, usable, area_of, longitude, latitude,
        _areas(entities, area_of, observed), tuple(e["id"] for e in roads),
        cells.cell_at(frame, [e["location"] for e in roads]), weather, _notes(heat, summers),
    )  # fmt: skip
    _write(prepared, folder)
    return prepared


def _areas(entities: Sequence[Mapping[str, Any]], area_of: Numbers, observed: Values) -> Areas:
    count = len(entities)
    known = np.isfinite(observed)
    flat = area_of[(area_of >= 0) & known]
    number = np.bincount(flat, minlength=count).astype(float)
    total = np.bincount(flat, weights=observed[(area_of >= 0) & known], minlength=count)
    temperature = np.where(number >= LEAST_CELLS, total / np.maximum(number, 1), np.nan)
    if not np.isfinite(temperature).any():
        message = f"no area has {LEAST_CELLS} cells with a surface temperature"
        raise ModelFailed(message, where="StatisticalArea", hint="check that grid and areas are of one city")
    return Areas(
        ids=tuple(str(e["id"]) for e in entities),
        names=tuple(str(e.get("name", e["id"])) for e in entities),
        people=_numbers(entities, "population", 0.0),
        old=_numbers(entities, "populationOver65", 0.0),
        fragility=_numbers(entities, "fragilityIndex", 100.0),
        shade=_shade(entities),
        cells=np.bincount(area_of[area_of >= 0], minlength=count).astype(float),
        temperature_c=temperature,
    )


def _numbers(entities: Sequence[Mapping[str, Any]], name: str, missing: float) -> Values:
    return np.array([float(e[name]) if e.get(name) is not None else missing for e in entities])


def _shade(entities: Sequence[Mapping[str, Any]]) -> Values:
    """Share of the streets in the shade around noon: observed, else all ground's shade times their usual relation."""
    street, all_ground = (_numbers(entities, name, np.nan) for name in ("streetShadeShare", "shadeShare"))
    both = np.isfinite(street) & np.isfinite(all_ground) & (all_ground > 0)
    relation = float(np.median(street[both] / all_ground[both])) if both.any() else STREET_OF_GROUND
    estimated = np.where(np.isfinite(street), street, all_ground * relation)
    known = estimated[np.isfinite(estimated)]
    return np.where(np.isfinite(estimated), estimated, float(np.median(known)) if known.size else 0.25)


def _notes(heat: waves.Waves, summers: Sequence[str]) -> dict[str, Any]:
    trend = None if heat.trend is None else {**asdict(heat.trend), "clear": heat.trend.clear}
    return {
        "summers": list(summers),
        "threshold_c": heat.threshold_c,
        "heat_wave_days": {str(year): days for year, days in heat.days.items()},
        "trend_per_decade": trend,
    }


def _write(prepared: Prepared, folder: Path) -> None:
    areas = asdict(prepared.areas)
    document = {
        "frame": asdict(prepared.frame),
        "model": surface.document(prepared.model),
        "areas": {k: list(v) for k, v in areas.items() if not isinstance(v, np.ndarray)},
        "streets": list(prepared.streets),
        "weather": asdict(prepared.weather),
        "notes": dict(prepared.notes),
        "layers": list(prepared.layers),
    }
    (folder / MODEL_FILE).write_text(json.dumps(document), encoding="utf-8")
    np.savez(
        folder / ARRAYS_FILE,
        allow_pickle=False,
        observed_c=prepared.observed_c,
        usable=prepared.usable,
        area_of=prepared.area_of,
        longitude=prepared.longitude,
        latitude=prepared.latitude,
        street_cell=prepared.street_cell,
        **{f"layer_{name}": values for name, values in prepared.layers.items()},
        **{f"area_{name}": values for name, values in areas.items() if isinstance(values, np.ndarray)},
    )


def load(folder: Path) -> Prepared:
    """What ``prepare`` left in ``folder``. Raises ``ModelFailed`` if it left nothing."""
    try:
        document = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise ModelFailed("the model has not been prepared", where=str(folder)) from cause
    with np.load(folder / ARRAYS_FILE) as file:
        arrays = {name: file[name] for name in file.files}
    frame = document["frame"]
    numbers = {
        k.removeprefix("area_"): v for k, v in arrays.items() if k.startswith("area_") and k != "area_of"
    }
    return Prepared(
        frame=Frame(frame["crs"], tuple(frame["shape"]), tuple(frame["affine"])),
        model=surface.from_document(document["model"]),
        layers={name: arrays[f"layer_{name}"] for name in document["layers"]},
        observed_c=arrays["observed_c"],
        usable=arrays["usable"],
        area_of=arrays["area_of"],
        longitude=arrays["longitude"],
        latitude=arrays["latitude"],
        areas=_read_areas(document["areas"], numbers),
        streets=tuple(document["streets"]),
        street_cell=arrays["street_cell"],
        weather=day.Weather(**document["weather"]),
        notes=document["notes"],
    )


def _read_areas(texts: Mapping[str, Sequence[str]], numbers: Mapping[str, Any]) -> Areas:
    return Areas(ids=tuple(texts["ids"]), names=tuple(texts["names"]), **numbers)
