"""One city's share of a model that several learn together: weights come, gradients or errors go, data stay.

The common model is ridge regression of tomorrow's figure on today's and the days before. In each round a city is given
weights w and says how its own errors would change with them: the gradient Xᵀ(Xw − y), a number for each weight. From
these whoever coordinates finds the weights that all data laid together would give, by conjugate gradients (Hestenes and
Stiefel 1952, doi:10.6028/jres.049.044), in about as many rounds as there are weights. After so many gradients they know
what second moments XᵀX and Xᵀy would have told them, and no row. All origins of the evaluation share each round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.computing.declaration import Feature, ForecastLearning, weights_of
from sympolis.analysis.computing.statistics import Data, Rows
from sympolis.domain import errors

Floats = NDArray[np.float64]
_DAY_S: Final = 86_400
_YEAR: Final = 365.25
_RIDGES: Final = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Of which a local model takes the one that its own history says is best: it shall not lose by our choice."""
_UNPENALISED: Final = 1e-6
"""Of the intercept."""
_FOLDS: Final[dict[str, Any]] = {"mean": np.nanmean, "min": np.nanmin, "max": np.nanmax, "sum": np.nansum}


@dataclass(frozen=True, slots=True)
class Days:
    """What is learnt of: one row for each day with all figures; ``y`` is tomorrow's target, ``today`` today's [-]."""

    x: Floats
    y: Floats
    today: Floats
    day: NDArray[np.int64]
    """Days since the series began."""

    def training(self, origin: int, window: int) -> NDArray[Any]:
        """Rows whose tomorrow lies before an origin or on it, and within the window."""
        first = origin - window if window else 0
        return np.flatnonzero((self.day >= first) & (self.day < origin))

    def held_out(self, origin: int, length: int) -> NDArray[Any]:
        """Rows from an origin on."""
        return np.flatnonzero((self.day >= origin) & (self.day < origin + length))


def days_of(data: Data, how: ForecastLearning) -> Days:
    """Daily figures of all entities together, as rows. Raises ``ModelFailed`` where there are none."""
    number = np.floor((data.time + how.utc_offset_h * 3600.0) / _DAY_S).astype(np.int64)
    if number.size == 0:
        raise errors.ModelFailed("there are no observations", where="rows")
    first, length = int(number.min()), int(number.max() - number.min()) + 1
    if length > 20_000:
        raise errors.ModelFailed("the series is longer than 20,000 days", where="rows")
    daily = np.column_stack([_folded(data, one, number - first, length) for one in how.features])
    shifted = [_shifted(daily, lag) for lag in range(how.lags + 1)]
    columns = [np.ones((length, 1)), *shifted]
    if how.season:
        columns.append(_season(first, length))
    place = [one.name for one in how.features].index(how.target)
    target = daily[:, place]
    tomorrow = np.append(target[1:], np.nan)
    x = np.column_stack(columns)
    ok = np.isfinite(x).all(axis=1) & np.isfinite(tomorrow)
    return Days(x[ok], tomorrow[ok], target[ok], np.flatnonzero(ok))


def _folded(data: Data, one: Feature, day: NDArray[np.int64], length: int) -> Floats:
    values, found = data.numbers[one.column], np.full(length, np.nan)
    ok = np.isfinite(values)
    if not ok.any():
        raise errors.ModelFailed(f"the column {one.column} has no numbers", where="columns")
    order = np.argsort(day[ok], kind="stable")
    days, sorted_values = day[ok][order], values[ok][order]
    places, starts = np.unique(days, return_index=True)
    for place, part in zip(places, np.split(sorted_values, starts[1:]), strict=True):
        found[place] = _FOLDS[one.fold](part)
    scaled: Floats = (found - one.offset) / one.scale
    return scaled


def _shifted(daily: Floats, lag: int) -> Floats:
    found = np.full_like(daily, np.nan)
    found[lag:] = daily[: daily.shape[0] - lag]
    return found


def _season(first: int, length: int) -> Floats:
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=first)
    angle = 2 * np.pi * (begin.timetuple().tm_yday + np.arange(length)) / _YEAR
    return np.column_stack([np.sin(angle), np.cos(angle)])


def origins_of(how: ForecastLearning) -> list[int]:
    """The days at which models are made and judged by what follows."""
    return [how.first_day + number * how.step_days for number in range(how.origins)]


def learning(data: Data, how: ForecastLearning, parameters: Mapping[str, Any]) -> dict[str, Rows]:
    """A round (``step`` "round") or the errors of weights (``step`` "errors"). Raises ``ModelFailed``."""
    days = days_of(data, how)
    if parameters.get("step") == "round":
        weights = _matrix(parameters.get("weights"), len(origins_of(how)) + 1, weights_of(how))
        return {"gradients": _gradients(days, how, weights), "errors": []}
    if parameters.get("step") == "errors":
        weights = _matrix(parameters.get("weights"), len(origins_of(how)), weights_of(how))
        return {"gradients": [], "errors": _errors(days, how, weights)}
    raise errors.ModelFailed('"round" or "errors" is wanted', where="parameters.step")


def _gradients(days: Days, how: ForecastLearning, weights: Floats) -> Rows:
    """For each origin, and for the model of the whole history, whose origin is -1."""
    found = []
    for origin, one in zip([*origins_of(how), -1], weights, strict=True):
        rows = np.arange(days.y.size) if origin < 0 else days.training(origin, how.window_days)
        if rows.size < 2 * one.size:
            text = f"{rows.size} days are too few for {one.size} weights"
            raise errors.ModelFailed(text, where=f"origin {origin}", hint="make the window longer")
        x, y = days.x[rows], days.y[rows]
        named = {f"g{number}": float(part) for number, part in enumerate(x.T @ (x @ one - y))}
        found.append({"origin": origin, "n": int(rows.size), **named})
    return found


def _errors(days: Days, how: ForecastLearning, weights: Floats) -> Rows:
    """Mean absolute errors on the days after each origin, in the target's own unit."""
    scale = next(one.scale for one in how.features if one.name == how.target)
    found = []
    for origin, common in zip(origins_of(how), weights, strict=True):
        learnt, held = days.training(origin, how.window_days), days.held_out(origin, how.step_days)
        if held.size == 0:
            continue
        local = local_ridge(days.x[learnt], days.y[learnt])
        x, y = days.x[held], days.y[held]
        said = {"mae": x @ common, "mae_local": x @ local, "mae_naive": days.today[held]}
        figures = {name: float(np.abs(one - y).mean()) * scale for name, one in said.items()}
        found.append({"origin": origin, "n": int(held.size), **figures})
    return found


def ridge(x: Floats, y: Floats, penalty: float) -> Floats:
    """Ridge regression; the intercept, first, is as good as free."""
    found: Floats = np.asarray(np.linalg.solve(x.T @ x + np.diag(penalties(x.shape[1], penalty)), x.T @ y))
    return found


def penalties(count: int, penalty: float) -> Floats:
    """Of each weight."""
    found = np.full(count, penalty)
    found[0] = _UNPENALISED
    return found


def local_ridge(x: Floats, y: Floats) -> Floats:
    """The local model, with the penalty whose errors on days left out (PRESS) are least."""

    def press(penalty: float) -> float:
        hat = x @ np.linalg.solve(x.T @ x + np.diag(penalties(x.shape[1], penalty)), x.T)
        left = (y - hat @ y) / np.maximum(1.0 - np.diag(hat), 1e-6)
        return float((left**2).mean())

    return ridge(x, y, min(_RIDGES, key=press))


def _matrix(given: Any, rows: int, columns: int) -> Floats:
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise errors.ModelFailed("expected rows of numbers", where="parameters.weights") from cause
    if found.shape != (rows, columns) or not np.isfinite(found).all():
        raise errors.ModelFailed(f"expected {rows} rows of {columns} numbers", where="parameters.weights")
    return found
