"""What a city declares about a forecast (``forecasts/<id>.toml``): which series, how far ahead, judged how."""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sympolis.domain.reading import Texts, option

HOUR_S: Final = 3600
TERM: Final = "[A-Za-z][A-Za-z0-9_]*"
"""A short name of the city's context."""
LINEAR: Final = "linear"
BOOSTING: Final = "boosting"
BLEND: Final = "blend"
MODELS: Final = (LINEAR, BOOSTING, BLEND)
DAYS: Final = 86_400


def _models_complaint(models: tuple[str, ...]) -> str | None:
    unknown = [name for name in models if name not in MODELS]
    if unknown or not models:
        return f"expected some of {', '.join(MODELS)}"
    return None


def _holidays_complaint(days: tuple[str, ...]) -> str | None:
    wrong = [day for day in days if len(day) != 5 or day[2] != "-" or not day.replace("-", "").isdigit()]
    return f"expected days as MM-DD, not {wrong[0]}" if wrong else None


@dataclass(frozen=True, kw_only=True)
class Covariate:
    """Another observed attribute whose daily means of the days before the origin are taken into account.

    Never of the days that are forecast: at that time nobody knew them.
    """

    entity_type: str = option(pattern=TERM)
    attribute: str = option(pattern=TERM)


@dataclass(frozen=True, kw_only=True)
class ForecastPlan:
    """A forecast of one attribute of all entities of a type."""

    id: str = option(pattern="[a-z0-9]+(-[a-z0-9]+)*")
    title: Texts
    entity_type: str = option(pattern=TERM)
    attribute: str = option(pattern=TERM)
    unit: str
    """For people, e.g. µg/m³."""
    source: str
    """Id of the source of the observations, for lineage."""
    resolution: str = option("hour", choices=("hour", "day"))
    horizon: int = option(48, minimum=1, maximum=168)
    """Steps ahead."""
    seasons: tuple[int, ...] = (24, 168)
    """Steps after which the series repeats itself; the seasonal-naive forecast that does best is the one to beat."""
    models: tuple[str, ...] = option(MODELS, check=_models_complaint)
    """What is tried: ``linear``, ``boosting`` (extra ``forecast``), ``blend`` (their mean)."""
    anchor: str = option("recent", choices=("recent", "kind"))
    """What models start from: the mean of the last seven days at that hour, or of the last ten of that kind of day.

    What follows the weather is near its last days, what follows people's weeks near the last days of the same kind.
    """
    level: float = option(0.9, minimum=0.5, maximum=0.99)
    """Of the interval."""
    least: float | None = None
    """No forecast is below this: a count is not negative."""
    stride: int = option(23, minimum=1, maximum=168)
    """Steps between two origins of the replay; 23 hours let every hour of the day be one."""
    held_out_days: int = option(365, minimum=7, maximum=3650)
    """The newest days, which no model has seen when it forecasts them."""
    refit_days: int = option(91, minimum=1, maximum=3650)
    """After how many days the models learn anew, in the replay as in service."""
    calibration_days: int = option(91, minimum=7, maximum=730)
    """How far back the errors reach that the intervals are made of; before the held-out days they choose the model."""
    silence_days: int = option(14, minimum=1, maximum=365)
    """A series without a value for longer is not forecast."""
    holidays: tuple[str, ...] = option((), check=_holidays_complaint)
    """Days like Sundays, ``MM-DD``."""
    easter_monday: bool = False
    covariates: tuple[Covariate, ...] = ()
    seed: int = 1
    risk: str = option("", choices=("", "minimal", "limited", "high"))
    """Risk class under the AI Act, as whoever answers for the forecast declares it; empty: nobody did."""
    reasons: Texts = option({})
    """Why that risk class."""
    purpose: Texts = option({})
    """What it is meant for."""
    oversight: Texts = option({})
    """Who watches over it, and how."""

    @property
    def day(self) -> int:
        """Steps in a day."""
        return 24 if self.resolution == "hour" else 1

    @property
    def step_s(self) -> int:
        """Seconds in a step (a day counts 86,400, also where the clock changes)."""
        return DAYS // self.day
