"""Forecasts as NGSI-LD entities: results of models are twin data (architecture, section 7).

One ``Forecast`` entity for each series: what was said, from where, how good such forecasts were in the held-out past,
made of which data at which cost; or, where it is withheld, the reason instead of values. ``wasDerivedFrom`` (PROV-O)
leads to the entity whose history it continues.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.domain.entity import Entity
from sympolis.orchestration import forecast_documents
from sympolis.orchestration.twin_entities import Maker, urn

FORECAST = "Forecast"


def forecast_entities(
    plan: ForecastPlan,
    result: Mapping[str, Any],
    data_version: str,
    cost_cpu_s: float,
    city: str,
    expand: Callable[[str], str],
) -> list[Entity]:
    """One entity for each series of a result; the cost is shared evenly among them."""
    share = cost_cpu_s / max(1, len(result["series"]))
    return [_entity(plan, result, one, data_version, share, city, expand) for one in result["series"]]


def _entity(
    plan: ForecastPlan,
    result: Mapping[str, Any],
    one: Mapping[str, Any],
    data_version: str,
    cost_cpu_s: float,
    city: str,
    expand: Callable[[str], str],
) -> Entity:
    made = Maker(expand)
    local = one["feature"].rpartition(":")[2]
    made.value("name", f"{plan.id}: {local}")
    made.link("wasDerivedFrom", one["feature"])
    made.value("forecastAttribute", plan.attribute)
    made.value("status", one["state"])
    made.instant("validFrom", result["origin"])
    made.value("model", result["model"])
    made.value("modelVersion", result["version"])
    made.value("dataVersion", data_version)
    made.json("parameters", {"seasons": plan.seasons, "covariates": plan.covariates, "seed": plan.seed})
    made.json("evaluation", {**one["figures"], "heldOut": result["held_out"], "horizons": one["horizons"]})
    made.value("cost", round(cost_cpu_s, 3), unit_code="SEC")
    made.value("results", f"/api/forecasts/{plan.id}?feature={one['feature']}")
    if one["against"]:
        made.json("withheldBecause", forecast_documents.reasons(plan, one))
    else:
        values = {
            "start": result["origin"],
            "stepSeconds": plan.step_s,
            "level": plan.level,
            "unit": plan.unit,
        }
        made.json("values", {**values, **one["values"]})
    return Entity(urn(FORECAST, city, f"{plan.id}-{local}"), (expand(FORECAST),), made.attributes)
