"""New data, the same evaluation: whether what was found out about a forecast still holds, and the forecast from now.

The replay takes most of the time. It is done again after ``refit_days``, when the set of series or the method changed,
or when the newest errors are outside what it said (``judging.has_drifted``); until then models learn from the new data
and forecast, with the model and the intervals that it chose.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np

from sympolis.analysis.forecasting import evaluation, features, judging, models
from sympolis.analysis.forecasting.ahead import Ahead, instant, said_ahead, short, silence_of
from sympolis.analysis.forecasting.conformal import Intervals
from sympolis.analysis.forecasting.panel import Panel
from sympolis.analysis.forecasting.plan import ForecastPlan

_KEPT_PAST: Final = 60
Json = dict[str, Any]


def still_holds(plan: ForecastPlan, panel: Panel, kept: Json) -> bool:
    """Whether the evaluation of ``kept`` (an answer of ``work.forecast``) can stand for these data, too."""
    if kept["plan"] != plan.id or [one["feature"] for one in kept["series"]] != list(panel.names):
        return False
    if kept["model"] not in models.available(plan):
        return False
    age = panel.steps - _position(panel, kept["evaluated_at_origin"])
    if not 0 <= age < plan.refit_days * plan.day:
        return False
    recent = recent_figures(panel, kept)
    return not judging.has_drifted(recent, {"mae": 1.0}, plan.level)


def recent_figures(panel: Panel, kept: Json) -> Json:
    """How the published values did since: errors in units of each series' evaluated one, and coverage."""
    begin = _position(panel, kept["origin"])
    errors, inside = [], []
    for number, one in enumerate(kept["series"]):
        if "values" not in one or not one["figures"]["mae"]:
            continue
        came = panel.values[number, begin : begin + len(one["values"]["middle"])]
        low, middle, high = (
            np.array(one["values"][name][: came.size], dtype=float) for name in ("low", "middle", "high")
        )
        there = np.isfinite(came) & np.isfinite(middle)
        errors.append(np.abs(came - middle)[there] / one["figures"]["mae"])
        inside.append(((low <= came) & (came <= high))[there])
    size = np.concatenate(errors) if errors else np.zeros(0)
    held = np.concatenate(inside) if inside else np.zeros(0)
    return {
        "n": int(size.size),
        "mae": float(size.mean()) if size.size else float("nan"),
        "coverage": float(held.mean()) if held.size else float("nan"),
    }


def renewed(plan: ForecastPlan, panel: Panel, kept: Json) -> Json:
    """The answer from the new end of the series, with the evaluation of the old one."""
    first = features.BACK_DAYS * plan.day
    table = features.table_of(plan, panel, evaluation.origins(plan, first, panel.steps))
    usual, low, high = (np.array(kept["intervals"][name]) for name in ("usual", "low", "high"))
    intervals = Intervals(usual, low, high, plan.day)
    ahead = said_ahead(plan, panel, table, kept["model"], intervals)
    series = [_series(plan, panel, kept, ahead, number) for number in range(len(panel.names))]
    return {**kept, "origin": instant(panel, panel.steps), "series": series}


def _series(plan: ForecastPlan, panel: Panel, kept: Json, ahead: Ahead, number: int) -> Json:
    before = kept["series"][number]
    silence = silence_of(panel, number)
    silent = silence > plan.silence_days * plan.day
    against = judging.reasons_against(before["figures"], plan.level, silent=silent)
    answer = {name: value for name, value in before.items() if name != "values"} | {
        "state": judging.WITHHELD if against else judging.PUBLISHED,
        "against": against,
        "last": instant(panel, panel.steps - 1 - silence),
        "past": [*before["past"], *_since(panel, kept, number)][-_KEPT_PAST:],
    }
    return answer if against else answer | {"values": ahead.values_of(number)}


def _since(panel: Panel, kept: Json, number: int) -> list[Json]:
    """The values that stood so far, beside what came of them."""
    values = kept["series"][number].get("values")
    begin = _position(panel, kept["origin"])
    if values is None or begin >= panel.steps:
        return []
    came = [short(value) for value in panel.values[number, begin : begin + len(values["middle"])]]
    came += [None] * (len(values["middle"]) - len(came))
    return [{"origin": kept["origin"], **values, "observed": came}]


def _position(panel: Panel, at: str) -> int:
    return panel.grid.position(datetime.fromisoformat(at)) - panel.start
