"""Tables about models leave no cell empty and count the same things as answers do."""

from __future__ import annotations

from typing import Any

import pytest

from sympolis.cli import model, run_shown

HEAT = {"r2": 0.64, "n": 90.0, "cells": 17_384.0}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[list[Any]]]:
    """The rows of every table that is drawn."""
    found: list[list[list[Any]]] = []
    monkeypatch.setattr(model, "draw", lambda _titles, rows, **_more: found.append(rows))
    return found


def described(name: str, *, calibratable: bool, figures: dict[str, float] | None = None) -> dict[str, Any]:
    calibration = (
        None if figures is None else {"at": "2026-01-02T03:04:05Z", "figures": {"held_out": figures}}
    )
    return {"id": name, "version": "1", "title": {"en": name}, "runs_here": True,
            "calibratable": calibratable, "calibration": calibration}  # fmt: skip


def test_a_model_that_was_not_asked_says_so(
    drawn: list[list[list[Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    model._draw_models([
        described("heat", calibratable=True, figures=HEAT),
        described("noise", calibratable=True),
        described("demand", calibratable=False),
    ])  # fmt: skip
    heat, noise, demand = drawn[0]
    assert heat[-2:] == ["17,384", "2026-01-02"]
    assert noise[-2:] == [None, "not yet asked"] and demand[-2:] == [None, None]
    assert "model calibrate" in capsys.readouterr().err


def test_a_table_counts_what_an_answer_counts(drawn: list[list[list[Any]]]) -> None:
    assert "against 17,384 observations" in run_shown.judged(HEAT)
    model._draw_history({"standing": "c", "calibrations": [
        {"id": "c", "at": "2026", "figures": {"held_out": HEAT}, "drift": None}]})  # fmt: skip
    assert drawn[0][0][5] == "17,384"
    assert run_shown.seen({"n": 37.0}) == 37.0


def test_a_bill_says_with_a_dash_what_is_not_known(drawn: list[list[list[Any]]]) -> None:
    plain = {"type": "data", "name": "streets"}
    full = {
        **plain,
        "version": "2",
        "licenses": [{"license": {"name": "MIT"}}],
        "hashes": [{"content": "a" * 64}],
    }
    own = {"type": "application", "name": "noise", "version": "1.1.0", "licenses": [], "hashes": []}
    model._draw_bill({"metadata": {"component": own}, "components": [plain, full]})
    assert drawn[0] == [
        ["application", "noise", "1.1.0", None, None],
        ["data", "streets", None, None, None],
        ["data", "streets", "2", "MIT", "a" * 12],
    ]
