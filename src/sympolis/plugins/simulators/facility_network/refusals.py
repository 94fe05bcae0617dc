"""Reasons, in plain words, why a scenario cannot be carried out; each names what to do instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.facility_network.network import Network
from sympolis.plugins.simulators.facility_network.plan import areas_of, sites_of
from sympolis.plugins.simulators.facility_network.travel import straight_m

_TWO = 2
FARTHEST_M = 10_000.0
"""A place farther off belongs to another city, or to a mistake in its coordinates."""


def refusals(network: Network, overrides: Sequence[Override]) -> list[str]:
    """Every reason, in the order of the overrides."""
    found = [
        f"overrides[{number}]: {text}"
        for number, override in enumerate(overrides)
        for text in _of(network, override)
    ]
    merged = [
        site for one in overrides if one.measure == "merge_sites" for site in sites_of(network, one.where)
    ]
    if len(set(merged)) < len(merged):
        found.append("a site may be merged only once: put all that become one into one override")
    if sum(one.measure == "locate_sites" for one in overrides) > 1:
        found.append("locate_sites can be asked only once: ask for all new sites together")
    return found


def _far_off(network: Network, polygon: Mapping[str, Any]) -> bool:
    place = np.array([network.on_plane(polygon)], dtype=np.float64)
    return bool(straight_m(place, network.points()).min() > FARTHEST_M)


def _of(network: Network, override: Override) -> Iterator[str]:
    where, measure = override.where, override.measure
    if measure in ("open_site", "new_homes"):
        if "polygon" not in where and not areas_of(network, where):
            yield "name areas of this model, or draw a place"
        elif "polygon" in where and "area" not in where and _far_off(network, where["polygon"]):
            yield f"the drawn place is more than {FARTHEST_M / 1000:.0f} km from where anybody lives"
    elif measure == "change_places":
        if not sites_of(network, where):
            yield "name sites of this model whose places change"
    elif measure == "merge_sites" and len(sites_of(network, where)) < _TWO:
        yield "name at least two sites of this model to merge"
