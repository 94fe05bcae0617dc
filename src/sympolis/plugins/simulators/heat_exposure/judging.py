"""How far the surface model may be believed: spatial cross-validation, and what it learned."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from sympolis.plugins.simulator import Calibration, Progress
from sympolis.plugins.simulators.heat_exposure import ground, prepared, surface


def calibrate(folder: Path, seed: int, progress: Progress) -> Calibration:
    """Figures on held-out blocks; beside them the fit itself (``training``) and the city's mean everywhere
    (``uncalibrated``)."""
    began = time.process_time()
    model = prepared.load(folder)
    found = ground.predictors(model.layers, model.frame)
    usable = model.usable
    predictors = {name: values[usable] for name, values in found.items()}
    target, block = model.observed_c[usable], ground.blocks(model.frame)[usable]
    progress(0.2, "leaving out blocks of the city")
    judged = surface.cross_validate(predictors, ground.signs(), target, block, seed)
    points = _points(model, judged)
    fitted = surface.figures(target, model.model.predict(predictors))
    naive = surface.figures(target, np.full_like(target, target.mean()))
    worst = max(judged.blocks.values(), key=lambda block_figures: block_figures["rmse"])
    return Calibration(
        parameters={"half_width_90": judged.figures["half_width_90"], "curves": _curves(model)},
        figures={"training": fitted, "held_out": _held_out(judged, points), "uncalibrated": naive},
        points=points,
        notes=(*_notes(model), f"RMSE by block of {surface.BLOCK_M / 1000:.0f} km: median "
               f"{np.median([b['rmse'] for b in judged.blocks.values()]):.2f} K, worst {worst['rmse']:.2f} K "
               f"({len(judged.blocks)} blocks)"),
        cost_cpu_s=round(time.process_time() - began, 3),
    )  # fmt: skip


def _curves(model: prepared.Prepared) -> dict[str, list[list[float]]]:
    return {name: [[float(x), float(y)] for x, y in curve] for name, curve in model.model.curves().items()}


def _points(model: prepared.Prepared, judged: surface.Judgement) -> tuple[tuple[str, str, float, float], ...]:
    """Each area's mean as observed, and as predicted by fits that had not seen its cells."""
    area = model.area_of[model.usable]
    target = model.observed_c[model.usable]
    found = []
    for number, name in enumerate(model.areas.ids):
        here = area == number
        if here.sum() >= prepared.LEAST_CELLS:
            means = float(target[here].mean()), float(judged.predicted[here].mean())
            found.append((name, "held_out", *means))
    return tuple(found)


def _held_out(
    judged: surface.Judgement, points: tuple[tuple[str, str, float, float], ...]
) -> dict[str, float]:
    """Figures over cells; ``n`` and those with ``area_`` are about the areas' means, which the chart shows."""
    observed, predicted = (np.array([point[column] for point in points]) for column in (2, 3))
    of_areas = surface.figures(observed, predicted)
    cells = {**judged.figures, "cells": judged.figures["n"]}
    return {**cells, "n": float(len(points)), "area_r2": of_areas["r2"], "area_rmse": of_areas["rmse"]}


def _notes(model: prepared.Prepared) -> list[str]:
    trend = model.notes["trend_per_decade"]
    notes = [f"explains the mean of the summers {', '.join(model.notes['summers'])}"]
    if trend is not None:
        word = "a clear change" if trend["clear"] else "no clear change"
        notes.append(
            f"heat-wave days (three or more days in a row from {model.notes['threshold_c']} °C): "
            f"{trend['per_decade']:+.1f} a decade, 90 % interval {trend['low']:+.1f} to {trend['high']:+.1f} over "
            f"{trend['years']} summers: {word}"
        )
    return notes
