"""Which vehicles drive and what they emit: the one place where a demand's vehicle class becomes SUMO vehicle types.

Emission classes are those of HBEFA 4.2 as SUMO names them
(https://sumo.dlr.de/docs/Models/Emissions/HBEFA4-based.html). The shares are of *vehicle-kilometres* and are an
assumption: Emilia-Romagna's car stock by fuel as ACI's *Autoritratto* shows it at the beginning of the 2020s (about
two fifths petrol, nearly two fifths diesel, a sixth LPG and natural gas — far above Italy's mean — and few electric
cars), spread over Euro stages with newer cars driven more. A city that knows its fleet passes it as parameter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

CAR_SHARES = {
    "HBEFA4/PC_petrol_Euro-3": 0.03,
    "HBEFA4/PC_petrol_Euro-4": 0.09,
    "HBEFA4/PC_petrol_Euro-5": 0.09,
    "HBEFA4/PC_petrol_Euro-6ab": 0.11,
    "HBEFA4/PC_petrol_Euro-6d": 0.10,
    "HBEFA4/PC_diesel_Euro-3": 0.03,
    "HBEFA4/PC_diesel_Euro-4": 0.07,
    "HBEFA4/PC_diesel_Euro-5": 0.11,
    "HBEFA4/PC_diesel_Euro-6ab": 0.09,
    "HBEFA4/PC_diesel_Euro-6d": 0.08,
    "HBEFA4/PC_LPG_petrol_Euro-4_(LPG)": 0.06,
    "HBEFA4/PC_LPG_petrol_Euro-6_(LPG)": 0.05,
    "HBEFA4/PC_CNG_petrol_Euro-4_(CNG)": 0.03,
    "HBEFA4/PC_CNG_petrol_Euro-6_(CNG)": 0.03,
    "HBEFA4/PC_BEV": 0.03,
}
FLEET_SOURCE = (
    "Assumption: Emilia-Romagna's car stock by fuel (ACI, Autoritratto, early 2020s, rounded), newer cars weighted up; "
    "HBEFA 4.2 classes as implemented by SUMO"
)


EURO_CLASSES = 7
"""Euro 0 to Euro 6."""
_EURO = re.compile(r"Euro-([0-6]|VI|IV|V|III|II|I)")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}


@dataclass(frozen=True, slots=True)
class VehicleClass:
    """How one class of the demand drives: SUMO's class, size, and emission classes with their shares."""

    name: str
    sumo_class: str
    length_m: float
    gap_m: float
    acceleration: float
    deceleration: float
    emission_shares: dict[str, float] = field(default_factory=dict)
    paying: bool = True
    """Whether demand measures apply to it unless it is exempted."""


_CAR = (4.8, 1.5, 2.7, 4.5)
CLASSES = {
    c.name: c
    for c in (
        VehicleClass("car", "passenger", *_CAR, CAR_SHARES),
        VehicleClass("authorised", "ignoring", *_CAR, CAR_SHARES),
        VehicleClass(
            "bus",
            "bus",
            12.0,
            3.0,
            1.2,
            4.0,
            {"HBEFA4/UBus_Std_gt15-18t_Euro-V_SCR": 0.4, "HBEFA4/UBus_Std_gt15-18t_Euro-VI_A-C": 0.6},
            paying=False,
        ),
        VehicleClass("delivery", "delivery", 6.5, 2.0, 2.2, 4.0, {"HBEFA4/LCV_diesel_N1-III_Euro-6ab": 1.0}),
        VehicleClass("truck", "truck", 9.0, 2.5, 1.3, 4.0, {"HBEFA4/RT_gt7_5-12t_Euro-VI_A-C": 1.0}),
        VehicleClass("motorcycle", "motorcycle", 2.2, 1.0, 4.0, 6.0, {"HBEFA4/MC_4S_le250cc_Euro-4": 1.0}),
    )
}


def type_id(vehicle_class: VehicleClass, position: float) -> str:
    """The SUMO vehicle type of a vehicle whose place in the fleet is ``position`` in [0, 1)."""
    return f"{vehicle_class.name}_{_place(vehicle_class, position)}"


def euro_class(vehicle_class: VehicleClass, position: float) -> int | None:
    """0 to 6 for the same vehicle; None if it is electric."""
    found = _EURO.search(tuple(vehicle_class.emission_shares)[_place(vehicle_class, position)])
    if found is None:
        return None
    return _ROMAN.get(found[1]) or int(found[1])


def _place(vehicle_class: VehicleClass, position: float) -> int:
    total = 0.0
    for index, share in enumerate(vehicle_class.emission_shares.values()):
        total += share
        if position < total:
            return index
    return len(vehicle_class.emission_shares) - 1


def vehicle_types(names: Sequence[str]) -> str:
    """The ``vType`` elements of these classes."""
    return "\n".join(
        f'<vType id="{c.name}_{index}" vClass="{c.sumo_class}" length="{c.length_m}" minGap="{c.gap_m}" '
        f'accel="{c.acceleration}" decel="{c.deceleration}" sigma="0.5" maxSpeed="50" emissionClass="{emission}"/>'
        for c in (CLASSES[name] for name in names)
        for index, emission in enumerate(c.emission_shares)
    )
