"""Below a run's table in a terminal: how every model that took part did against reality, and its warnings."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sympolis.cli import run_shown
from sympolis.cli.client import Client

TRAFFIC = {
    "id": "run-1", "model": "traffic", "model_version": "1.3.0", "upstream": {},
    "calibration": {"held_out": {"n": 36, "r2": 0.8564, "geh_below_5": 0.6389, "ratio": 0.9735}},
    "warning_texts": [{"en": "queues reach the edge"}, {"en": "quick answer"}],
}  # fmt: skip
NOISE = {
    "id": "run-2", "model": "noise", "model_version": "1.1.0", "upstream": {"traffic": "run-1"}, "calibration": {},
    "warning_texts": [{"en": "quick answer"}],
}  # fmt: skip


class Twin:
    """Knows the first run of the chain."""

    def get(self, place: str) -> dict[str, Any]:
        assert place == "/api/runs/run-1"
        return TRAFFIC


def test_a_chain_says_how_each_of_its_models_did_and_every_warning_once() -> None:
    fed = run_shown.fed_by(cast("Client", Twin()), NOISE)
    assert list(run_shown.beside([NOISE, *fed])) == [
        "noise 1.1.0, not calibrated: its card says what it was compared with",
        "traffic 1.3.0, against 36 observations it had not seen: R² 0.86, GEH < 5 64%, total against observed 0.97",
        "- quick answer",
        "- queues reach the edge",
    ]


def test_figures_over_cells_are_of_so_many_cells_and_not_of_the_areas_of_the_chart() -> None:
    assert run_shown.judged({"n": 90, "cells": 17384, "rmse": 2.114}) == (
        "against 17,384 observations it had not seen: RMSE 2.11"
    )


@pytest.mark.parametrize(("amount", "said"), [(0.0, "less than 0.01 EUR"), (0.0099, "less than 0.01 EUR"),
                                              (0.01, "0.01 EUR"), (12.345, "12.35 EUR")])  # fmt: skip
def test_what_a_run_cost_is_said_to_the_cent(amount: float, said: str) -> None:
    assert run_shown._euros(amount) == said
