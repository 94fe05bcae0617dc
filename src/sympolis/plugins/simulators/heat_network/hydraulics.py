"""Pressures, velocities and temperatures of a tree of supply and return pipes, by pandapipes.

pandapipes (BSD 3-Clause; Lohmeier et al. 2020, Sustainability 12, 9899, DOI 10.3390/su12239899) solves the flow with
Darcy–Weisbach and Nikuradse's friction and the temperatures with the loss of every pipe.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain import errors
from sympolis.plugins.simulators.heat_network.trees import DENSITY, HEAT_CAPACITY, Tree

Values = NDArray[np.float64]

KELVIN = 273.15
ROUGHNESS_MM = 0.1
"""Of steel pipes in service."""
REST_BAR = 10.0
"""Pressure at the feed-in's outlet; only differences are read."""
PUMP_EFFICIENCY = 0.7


@dataclass(frozen=True, slots=True)
class Solved:
    """Of each block of a tree: pressure difference [bar], supply temperature [°C], velocity [m/s] in the pipe to it
    (NaN at the root); of the tree: heat lost [W] and power of the pumps [W]."""

    difference: Values
    temperature: Values
    velocity: Values
    lost_w: float
    pumping_w: float


def solve(tree: Tree, given: Mapping[str, Any], supply_c: float) -> Solved:
    """The tree at full load. Raises ``ModelFailed`` where pandapipes is missing or finds no solution."""
    try:
        import pandapipes
    except ImportError as cause:
        hint = "install sympolis[heat-network]"
        raise errors.ModelFailed("networks cannot be checked here", where="pandapipes", hint=hint) from cause
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas and numpy inside the engine
        logging.getLogger("pandapipes").setLevel(logging.ERROR)
        net = _network(pandapipes, tree, given, supply_c)
        try:
            pandapipes.pipeflow(net, mode="sequential", max_iter_hyd=100, max_iter_therm=100)
        except Exception as cause:  # whatever the engine raises, it found no state
            hint = "more feed-in points (plant_heat) or larger pipes (velocity)"
            raise errors.ModelFailed("the network has no solution", where="pandapipes", hint=hint) from cause
    return _read(net, tree, given)


def _network(pandapipes: Any, tree: Tree, given: Mapping[str, Any], supply_c: float) -> Any:
    count = len(tree.blocks)
    net = pandapipes.create_empty_network(fluid="water")
    start = supply_c + KELVIN
    there = np.asarray(pandapipes.create_junctions(net, count, pn_bar=REST_BAR, tfluid_k=start))
    back = np.asarray(
        pandapipes.create_junctions(net, count, pn_bar=REST_BAR, tfluid_k=start - given["spread"])
    )
    child = np.flatnonzero(tree.parent >= 0)
    common: dict[str, Any] = {
        "length_km": tree.length[child] / 1e3,
        "inner_diameter_mm": tree.inner[child] * 1e3,
        "k_mm": ROUGHNESS_MM,
        "u_w_per_m2k": given["heat_loss"],
        "text_k": given["ground"] + KELVIN,
        "sections": 1,
    }
    if len(child):
        parent = tree.parent[child]
        pandapipes.create_pipes_from_parameters(net, there[parent], there[child], **common)
        pandapipes.create_pipes_from_parameters(net, back[child], back[parent], **common)
    pandapipes.create_heat_consumers(
        net, there, back, controlled_mdot_kg_per_s=tree.own,
        qext_w=tree.own * HEAT_CAPACITY * given["spread"],
    )  # fmt: skip
    pandapipes.create_circ_pump_const_pressure(
        net, int(back[tree.root]), int(there[tree.root]), p_flow_bar=REST_BAR, plift_bar=given["lift"],
        t_flow_k=start,
    )  # fmt: skip
    return net


def _read(net: Any, tree: Tree, given: Mapping[str, Any]) -> Solved:
    count = len(tree.blocks)
    pressure = net.res_junction["p_bar"].to_numpy()
    warm = net.res_junction["t_k"].to_numpy()[:count] - KELVIN
    velocity = np.full(count, np.nan)
    child = np.flatnonzero(tree.parent >= 0)
    lost = 0.0
    if len(child):
        speed = np.abs(net.res_pipe["v_mean_m_per_s"].to_numpy())
        velocity[child] = speed[: len(child)]
        flow = np.abs(net.res_pipe["mdot_from_kg_per_s"].to_numpy())
        cooled = net.res_pipe["t_from_k"].to_numpy() - net.res_pipe["t_to_k"].to_numpy()
        lost = float((flow * HEAT_CAPACITY * np.abs(cooled)).sum())
    pumping = float(tree.own.sum()) / DENSITY * given["lift"] * 1e5 / PUMP_EFFICIENCY
    return Solved(pressure[:count] - pressure[count : 2 * count], warm, velocity, lost, pumping)
