"""Every lever of every city's services can be moved: its measure is known, and it has a place where it needs one."""

from __future__ import annotations

import pytest

from sympolis.city import package
from sympolis.plugins import loader

CITIES = ("bologna", "leipzig")


@pytest.mark.parametrize("name", CITIES)
def test_a_lever_that_needs_a_place_has_one(name: str) -> None:
    city, known = package.load(name), loader.simulators()
    simulators = {model.id: known[model.simulator] for model in city.models.values()}
    overrides = {one.id: one.overrides for one in city.scenarios}
    lacking = []
    for service in city.services:
        models = [service.model] if service.model else [step.model for step in service.chain]
        measures = {one.name: one for model in models for one in simulators[model].measures}
        placed = {one.measure for scenario in service.scenarios for one in overrides[scenario]}
        lacking += [
            f"{service.id}: {lever.name}"
            for lever in service.levers
            if measures[lever.measure].targets and not lever.where and lever.measure not in placed
        ]
    assert lacking == []
