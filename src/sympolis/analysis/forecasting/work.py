"""One forecast from its data to its documents: what a worker process is asked to do.

Deterministic: the same plan, inputs and installed libraries give the same answer.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from sympolis.analysis.forecasting import conformal, evaluation, features, judging, renewal
from sympolis.analysis.forecasting.ahead import Ahead, instant, rounded, said_ahead, short, silence_of
from sympolis.analysis.forecasting.evaluation import Progress, Replay
from sympolis.analysis.forecasting.panel import Panel, panel_of
from sympolis.analysis.forecasting.plan import ForecastPlan

VERSION: Final = "1.0"
"""Of the method: another one makes another forecast of the same data."""
PAST_DAYS: Final = 28

Json = dict[str, Any]


def method() -> Json:
    """What else decides about a forecast beside its data: the version of the method and of what it learns with."""
    known = {"method": VERSION}
    for library in ("lightgbm", "numpy"):
        with suppress(PackageNotFoundError):
            known[library] = version(library)
    return known


def forecast(*, plan: Json, zone: str, inputs: str, progress: Progress, kept: Json | None = None) -> Json:
    """Evaluate, decide and forecast from the end of the series.

    ``plan`` is a ``ForecastPlan`` as a mapping, ``inputs`` the path of the gathered entities (MessagePack). ``kept`` is
    the answer that stands so far: while its evaluation is young and it did not go wrong since, the replay is not done
    again; models learn from the new data all the same. Raises ``ModelFailed``.
    """
    declared = msgspec.convert(plan, ForecastPlan)
    gathered = msgspec.msgpack.decode(Path(inputs).read_bytes())
    panel = panel_of(declared, ZoneInfo(zone), gathered)
    if kept is not None and renewal.still_holds(declared, panel, kept):
        return renewal.renewed(declared, panel, kept)
    found = evaluation.replay(declared, panel, progress)
    progress(0.9, "forecast")
    intervals = evaluation.intervals_at(declared, panel, found.table, found.said[1], panel.steps)
    ahead = said_ahead(declared, panel, found.table, found.model, intervals)
    held_out = found.table.origin[found.table.origin >= found.held_out]
    return {
        "plan": declared.id,
        "version": VERSION,
        "model": found.model,
        "candidates": {name: short(error) for name, error in found.candidates.items()},
        "origin": instant(panel, panel.steps),
        "evaluated_at_origin": instant(panel, panel.steps),
        "held_out": {
            "from": instant(panel, found.held_out),
            "to": instant(panel, panel.steps),
            "origins": int(np.unique(held_out).size),
        },
        "intervals": {name: getattr(intervals, name).round(6).tolist() for name in ("usual", "low", "high")},
        "figures": rounded(
            evaluation.figures_of(declared, found, np.ones(found.table.target.size, dtype=bool))
        ),
        "series": [_series(declared, panel, found, ahead, number) for number in range(len(panel.names))],
    }


def _series(
    plan: ForecastPlan,
    panel: Panel,
    found: Replay,
    ahead: Ahead,
    number: int,
) -> Json:
    own = found.table.series == number
    figures = evaluation.figures_of(plan, found, own)
    silence = silence_of(panel, number)
    against = judging.reasons_against(figures, plan.level, silent=silence > plan.silence_days * plan.day)
    answer: Json = {
        "feature": panel.names[number],
        "state": judging.WITHHELD if against else judging.PUBLISHED,
        "against": against,
        "last": instant(panel, panel.steps - 1 - silence),
        "figures": rounded(figures),
        "horizons": _horizons(plan, found, own),
        "past": _past(plan, panel, found, own),
    }
    return answer if against else answer | {"values": ahead.values_of(number)}


def _horizons(plan: ForecastPlan, found: Replay, own: Any) -> list[Json]:
    """The figures by part of the horizon; ``from`` and ``to`` are steps ahead, ends included."""
    ahead = found.table.known[:, features.HORIZON]
    part = conformal.parts_of(ahead, plan.day)
    answer = []
    for which in np.unique(part):
        steps = ahead[part == which]
        span = {"from": int(steps.min()), "to": int(steps.max())}
        answer.append(span | rounded(evaluation.figures_of(plan, found, own & (part == which))))
    return answer


def _past(plan: ForecastPlan, panel: Panel, found: Replay, own: Any) -> list[Json]:
    """What was said in the newest days of the replay, beside what came."""
    table = found.table
    recent = own & (table.origin >= max(found.held_out, panel.steps - PAST_DAYS * plan.day))
    answer = []
    for origin in np.unique(table.origin[recent]):
        rows = recent & (table.origin == origin)
        low, middle, high = ([short(value) for value in part[rows]] for part in found.said)
        observed = [short(value) for value in table.target[rows]]
        if any(value is not None for value in observed):
            answer.append(
                {
                    "origin": instant(panel, int(origin)),
                    "low": low,
                    "middle": middle,
                    "high": high,
                    "observed": observed,
                }
            )
    return answer
