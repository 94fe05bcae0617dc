"""A run in a terminal: its figures, how its models did against reality, and what must be said beside them.

A figure without its doubt is half an answer. So the held-out figures of every model that took part, also of those that
fed the last one of a chain, and the warnings of all of them stand below the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from sympolis.cli.client import Client
from sympolis.cli.output import cell, draw, screen, text, unit_text

_WORDS = {
    "r2": "R²", "geh_below_5": "GEH < 5", "ratio": "total against observed", "mae": "mean error", "rmse": "RMSE",
    "skill": "skill", "coverage": "in 90 % interval", "coverage_90": "in 90 % interval",
}  # fmt: skip
_SHARES = ("geh_below_5", "skill", "coverage", "coverage_90")

_CENT = 0.01


def _euros(amount: float) -> str:
    """To the cent: what an answer costs is mostly less."""
    return f"{amount:.2f} EUR" if amount >= _CENT else f"less than {_CENT} EUR"


def fed_by(twin: Client, run: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs whose results went into this one, nearest first."""
    found: list[dict[str, Any]] = []
    for name in (run.get("upstream") or {}).values():
        before = twin.get(f"/api/runs/{quote(name)}")
        found += [before, *fed_by(twin, before)]
    return found


def draw_run(run: dict[str, Any], fed: Sequence[dict[str, Any]] = ()) -> None:
    """The figures as a table, then how the models did and what they warn of."""
    rows = [
        [text(one["title"]), one["value"], unit_text(one["unit"]), interval_text(one["interval"])]
        for one in run["indicators"] or ()
    ]
    energy = run.get("energy")
    spent = f", about {cell(energy['wh'])} Wh, {_euros(energy['eur'])}" if energy else ""
    origin = "from the cache" if run.get("cached") else f"{cell(run['cost_cpu_s'])} CPU-s{spent}"
    draw(
        ["indicator", "value", "unit", "90 % interval"],
        rows,
        title=f"{run['id']} · {run['members']} members · {origin}",
    )
    for line in beside([run, *fed]):
        screen.print(line, soft_wrap=True, markup=False)


def beside(runs: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Lines below the table: each model against reality, then every warning once."""
    for one in runs:
        yield f"{one['model']} {one['model_version']}, {judged((one.get('calibration') or {}).get('held_out'))}"
    yield from dict.fromkeys(
        f"- {text(said)}" for one in runs for said in one.get("warning_texts") or one.get("warnings") or ()
    )


def seen(figures: dict[str, float]) -> float | None:
    """So many observations its figures rest on: cells, where the points of the chart are means of many."""
    return figures.get("cells", figures.get("n"))


def judged(held: dict[str, float] | None) -> str:
    """How a model did on what its fit had not seen, in a line."""
    if not held:
        return "not calibrated: its card says what it was compared with"
    told = ", ".join(
        f"{_WORDS[name]} {f'{value:.0%}' if name in _SHARES else cell(round(value, 2))}"
        for name, value in held.items()
        if name in _WORDS
    )
    return f"against {cell(seen(held))} observations it had not seen: {told}"


def interval_text(interval: dict[str, float] | None) -> str:
    """Both ends of an interval."""
    return "–" if interval is None else f"{cell(interval['low'])} … {cell(interval['high'])}"
