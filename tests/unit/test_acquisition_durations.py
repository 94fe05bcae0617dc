"""How long a source may say that something is kept or may be old."""

from __future__ import annotations

import re

import pytest

from sympolis.acquisition.source import DURATION


@pytest.mark.parametrize("text", ["P730D", "PT3H", "P1DT2H30M", "P99999D"])
def test_a_duration_is_taken(text):
    assert re.fullmatch(DURATION, text)


@pytest.mark.parametrize("text", ["P", "PT", "P1Y", "P100000D", "PT9999999M", "3D"])
def test_what_no_date_could_hold_is_refused(text):
    assert not re.fullmatch(DURATION, text)
