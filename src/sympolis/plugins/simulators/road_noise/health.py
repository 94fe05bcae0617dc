"""What noise takes from people's health in a year, and what society would give to keep it: the end of the chain.

Only annoyance is counted, the one effect whose share of residents the Directive states by level alone. Disturbed sleep
and diseases of the heart come on top, so both figures are lower bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def burden(annoyed: float, given: Mapping[str, Any]) -> dict[str, float]:
    """Healthy years lost in a year by ``annoyed`` people who are highly annoyed, and their value [EUR/a].

    Years: people times the weight of the condition (WHO 2011, Burden of disease from environmental noise, chapter 6).
    Value: years times what a year of life is worth to Europeans (Desaigues et al. 2011, Ecological Indicators 11,
    902–910).
    """
    years = annoyed * float(given["annoyance_weight"])
    return {"life_years": years, "health_cost": years * float(given["life_year_value"])}
