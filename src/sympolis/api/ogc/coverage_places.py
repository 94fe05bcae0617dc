"""What of a grid lies in an area, and along a path: places come in degrees, grids in a projected system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sympolis.city.grids import Domain, Grid
from sympolis.domain import errors
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely

    _Array = np.ndarray[Any, Any]
else:
    np = later("numpy")
    shapely = later("shapely")

_MOST_POSITIONS: Final = 50_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Window:
    """The part of a grid around an area, and which of its cells have their centre in it."""

    def __init__(self, domain: Domain, area: Any, *, where: str) -> None:
        moved = shapely.transform(shapely.clip_by_rect(area, *_around(domain)), _to_grid(domain))
        west, south, east, north = moved.bounds
        all_xs, all_ys = domain.xs(), domain.ys()
        self._columns = [place for place, x in enumerate(all_xs) if west <= x <= east]
        self._lines = [place for place, y in enumerate(all_ys) if south <= y <= north]
        if not self._columns or not self._lines:
            raise errors.NotFound("no cell of the coverage has its centre there", where=where)
        self.xs = [all_xs[place] for place in self._columns]
        self.ys = [all_ys[place] for place in self._lines]
        shapely.prepare(moved)
        self._inside = [shapely.contains_xy(moved, self.xs, [y] * len(self.xs)).tolist() for y in self.ys]

    def of(self, values: Sequence[Sequence[float | None]]) -> Iterator[float | None]:
        """The values of the window, line by line; None outside of the area."""
        for line, inside in zip(self._lines, self._inside, strict=True):
            for column, seen in zip(self._columns, inside, strict=True):
                yield values[line][column] if seen else None


class Path:
    """Positions along a line in degrees: its own, and points between them so that no two are more than a cell apart.

    ``timed``: the line's measures are times, in seconds since 1970 UTC. Raises ``NotFound`` where the grid does not
    reach any of it, ``TooManyResults`` where it is too long.
    """

    def __init__(self, domain: Domain, line: Any, *, timed: bool) -> None:
        parts = [shapely.get_coordinates(part, include_m=timed) for part in shapely.get_parts(line)]
        to_grid = _to_grid(domain)
        counts = [_steps(to_grid(part[:, :2]), domain.cell_m) for part in parts]
        if sum([int(one.sum()) + 1 for one in counts]) > _MOST_POSITIONS:
            raise errors.TooManyResults(
                f"more than {_MOST_POSITIONS} cells on the way", where="coords", hint="ask for a shorter path"
            )
        found = np.concatenate([_between(*one) for one in zip(parts, counts, strict=True)])
        self.positions: list[list[float]] = found[:, :2].tolist()
        self.times = [_time(one) for one in found[:, 2].tolist()] if timed else []
        x, y = to_grid(found[:, :2]).T
        self._lines = _numbers((domain.north - y) / domain.cell_m)
        self._columns = _numbers((x - domain.west) / domain.cell_m)
        self._inside = (self._lines >= 0) & (self._lines < domain.lines)
        self._inside &= (self._columns >= 0) & (self._columns < domain.columns)
        self._domain = domain
        if not self._inside.any():
            raise errors.NotFound("the coverage does not reach that path", where="coords")

    def __len__(self) -> int:
        return len(self.positions)

    def of(self, grid: Grid) -> list[float | None]:
        """The value of the cell that each position lies in; None outside."""
        if grid.domain != self._domain:
            raise errors.NotImplementedHere(
                "the grids of these times differ", where="datetime", hint="ask for one of them"
            )
        cells = zip(self._lines.tolist(), self._columns.tolist(), self._inside.tolist(), strict=True)
        return [grid.values[line][column] if inside else None for line, column, inside in cells]


def _around(domain: Domain) -> tuple[float, float, float, float]:
    """West, south, east and north of the grid with a cell's margin: areas beyond it may be where its system ends."""
    from pyproj import Transformer

    cell, transformer = domain.cell_m, Transformer.from_crs(domain.crs, "OGC:CRS84", always_xy=True)
    found: tuple[float, float, float, float] = transformer.transform_bounds(
        domain.west - cell,
        domain.north - (domain.lines + 1) * cell,
        domain.west + (domain.columns + 1) * cell,
        domain.north + cell,
    )
    return found


def _to_grid(domain: Domain) -> Callable[[_Array], _Array]:
    """From longitude and latitude, shape (n, 2), to the grid's system."""
    from pyproj import Transformer

    transformer = Transformer.from_crs("OGC:CRS84", domain.crs, always_xy=True)

    def moved(points: _Array) -> _Array:
        found: _Array = np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
        return found

    return moved


def _numbers(places: _Array) -> _Array:
    """Of cells; below nought where there cannot be one."""
    found: _Array = np.nan_to_num(np.floor(places), nan=-1, posinf=-1, neginf=-1).clip(-1, 1e9).astype(int)
    return found


def _steps(points: _Array, longest: float) -> _Array:
    """Into how many pieces each piece of a line is divided; a place where the grid's system ends is far away."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    found: _Array = np.ceil(np.nan_to_num(lengths, nan=1e9, posinf=1e9) / longest).clip(1, 1e6).astype(int)
    return found


def _between(points: _Array, counts: _Array) -> _Array:
    """The points, and those that divide the way from each to the next into so many pieces."""
    starts, ways = np.repeat(points[:-1], counts, axis=0), np.repeat(np.diff(points, axis=0), counts, axis=0)
    number = np.arange(len(starts)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = starts + ways * (number / np.repeat(counts, counts))[:, None]
    whole: _Array = np.concatenate([found, points[-1:]])
    return whole


def _time(seconds: float) -> datetime:
    """Raises ``InvalidRequest`` for a measure that is no time."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError) as problem:
        raise errors.InvalidRequest(
            "expected seconds since 1970 UTC as measures",
            where="coords",
            hint="LINESTRINGM(11.3 44.5 1716480000, …)",
        ) from problem
