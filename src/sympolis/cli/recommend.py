"""`sympolis recommend`: the best use of a budget, tried in the model, chosen, and run as a scenario."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, cell, draw, reports_errors, screen, show, text
from sympolis.cli.scenario import wait_for
from sympolis.domain import errors

_POLL_S = 0.2


@reports_errors
def recommend(
    question: Annotated[
        Path, typer.Argument(help="JSON: model, objective, budget, levers, and what else must be kept to.")
    ],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The best use of a budget: which measures, how much, where; with the front between cost, gain and fairness."""
    asked = _read(question)
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/recommendations", asked)
        while found["status"] == "running":
            time.sleep(_POLL_S)
            found = twin.get(f"/api/recommendations/{quote(found['id'])}")
        if found["status"] == "done" and found["run"]:
            wait_for(twin, twin.get(f"/api/runs/{quote(found['run'])}"))
    show(_answered(found), form, _draw)


def _read(question: Path) -> Any:
    try:
        return json.loads(question.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise errors.InvalidRequest(f"not a readable JSON file: {cause}", where=str(question)) from cause


def _answered(found: dict[str, Any]) -> dict[str, Any]:
    if found["status"] == "done":
        return found
    problem = found.get("error") or {}
    detail = problem.get("detail", f"the recommendation is {found['status']}")
    raise errors.ModelFailed(detail, where=found["id"], hint=problem.get("hint", ""))


def _draw(found: dict[str, Any]) -> None:
    rows = [
        [one["name"], one["measure"], one["amount"], one["gain"], *one["costs"].values(),
         "yes" if one["worst_off"] else ""]
        for one in found["allocation"]
    ]  # fmt: skip
    costs = list(found["asked"]["budget"])
    draw(["place", "measure", "amount", found["asked"]["objective"], *costs, "worst off"], rows)
    front = [
        [
            cell(100 * one["least_share"]),
            one["gain"],
            *one["costs"].values(),
            one["worst_off_share"],
            one["places"],
        ]
        for one in found["front"]
    ]
    draw(["least share %", "gain", *costs, "share of worst off", "places"], front, title="What could be had")
    screen.print(text(found["assumption"]), soft_wrap=True)
    screen.print(f"scenario {found['scenario']}, run {found['run']}", soft_wrap=True)
