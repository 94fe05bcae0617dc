"""The projection does what its words say: it grows with partners, not with twins, and knows when it is too much."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from benchmarks.projection import Costs, Setting, project, table

COSTS = Costs(crawl_ms=50.0, query_ms=0.5, query_own_ms=0.5, answer_ms=0.3)


def test_a_twin_does_not_notice_how_many_twins_there_are() -> None:
    few, many = project(COSTS, Setting(1_000, 50)), project(COSTS, Setting(100_000, 50))
    assert (few.crawl, few.query, few.p50, few.p99) == (many.crawl, many.query, many.p50, many.p99)
    assert many.messages_per_s == pytest.approx(100 * few.messages_per_s)


def test_work_grows_with_the_partners_in_a_straight_line() -> None:
    one, ten = project(COSTS, Setting(100, 5)), project(COSTS, Setting(100, 50))
    assert ten.crawl == pytest.approx(10 * one.crawl)
    assert one.query < ten.query <= 10 * one.query
    assert one.p50 < ten.p50


def test_what_is_too_much_is_said_to_be() -> None:
    found = project(COSTS, Setting(100_000, 99_999))
    assert math.isinf(found.p50) and found.partial == 1.0
    assert "cannot keep up" in table(COSTS)


def test_without_silent_partners_nothing_is_lacking() -> None:
    found = project(COSTS, replace(Setting(50, 49), silent=0.0))
    assert found.partial == 0.0 and found.p99 < 3000.0


def test_the_largest_of_many_draws_fits_the_shortcut() -> None:
    """At the border between drawing each and drawing the largest the times do not jump."""
    setting = replace(Setting(1_000, 200), silent=0.0, queries_per_hour=1.0)
    drawn, taken = project(COSTS, setting), project(COSTS, replace(setting, partners=201))
    assert taken.p50 == pytest.approx(drawn.p50, rel=0.1)
