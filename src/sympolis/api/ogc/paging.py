"""How many things a page of these APIs has: who asks for more than the most gets the most, and is not refused.

OGC API - Features, Part 1, /req/core/fc-limit-response-1 (as of corrigendum 1.0.1); Records and Processes say the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sympolis.api import parameters
from sympolis.api.parameters import IntegerParameter

LIMIT: Final = replace(
    parameters.LIMIT,
    text=f"How many to give at most; more than {parameters.LIMIT.high} are not given at once.",
    clamps=True,
)
WHOLE_LIMIT: Final = IntegerParameter(name="limit", text=LIMIT.text, low=1, high=1_000_000_000, clamps=True)
"""The same where all of it is one file, not pages."""
