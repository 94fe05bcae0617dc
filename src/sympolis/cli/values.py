"""``name=value`` on the command line: a lever, a parameter."""

from __future__ import annotations

import json
from typing import Any

from sympolis.domain import errors


def given_value(given: str) -> tuple[str, Any]:
    """A name and its value: JSON where it is JSON, else text. Raises ``InvalidRequest``."""
    name, sign, value = given.partition("=")
    if not sign:
        raise errors.InvalidRequest("expected name=value", where="--lever", hint="e.g. --lever charge=5")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
