"""One ensemble member's result on disk: numbers in ``<key>.npz``, what they cost and warned in ``<key>.json``.

The ``.npz`` depends on the key's ingredients alone, byte for byte; the cost, which differs from run to run, stands
beside it. The ``.json`` is written last: where it is, the member is complete.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sympolis.domain import errors
from sympolis.orchestration import files
from sympolis.plugins.simulator import MemberResult

_FEATURES = "features"
_FIELD = "field."
_INDICATOR = "indicator."


def save(stem: Path, result: MemberResult, *, cost_cpu_s: float) -> None:
    """Write a member's result as ``stem.npz`` and ``stem.json``. Raises ``ModelFailed`` if its shapes disagree."""
    arrays = _arrays(result)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    files.write(stem.with_suffix(".npz"), buffer.getvalue())
    files.write_json(stem.with_suffix(".json"), {"cost_cpu_s": cost_cpu_s, "warnings": list(result.warnings)})


def load(stem: Path) -> MemberResult | None:
    """The result kept under ``stem``; None where it is missing, incomplete or unreadable (it is then run again)."""
    facts = files.find_json(stem.with_suffix(".json"))
    if not isinstance(facts, Mapping):
        return None
    try:
        with np.load(stem.with_suffix(".npz"), allow_pickle=False) as arrays:
            return _result(dict(arrays), facts)
    except (OSError, ValueError, KeyError):
        return None


def exists(stem: Path) -> bool:
    """Whether a complete result is kept under ``stem``."""
    return stem.with_suffix(".json").is_file() and stem.with_suffix(".npz").is_file()


def _arrays(result: MemberResult) -> dict[str, Any]:
    arrays: dict[str, Any] = {_FEATURES: np.array(result.features, dtype=np.str_)}
    for name, values in sorted(result.fields.items()):
        array = np.asarray(values, dtype=np.float32)
        if array.ndim != 2 or array.shape[1] != len(result.features):
            text = (
                f"field {name!r} has shape {array.shape}, expected (hours, {len(result.features)} features)"
            )
            raise errors.ModelFailed(text, where="result")
        arrays[_FIELD + name] = array
    for name, value in sorted(result.indicators.items()):
        arrays[_INDICATOR + name] = np.float64(value)
    return arrays


def _result(arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> MemberResult:
    return MemberResult(
        features=tuple(arrays[_FEATURES].tolist()),
        fields={n.removeprefix(_FIELD): v for n, v in arrays.items() if n.startswith(_FIELD)},
        indicators={
            n.removeprefix(_INDICATOR): float(v) for n, v in arrays.items() if n.startswith(_INDICATOR)
        },
        warnings=tuple(facts["warnings"]),
        cost_cpu_s=float(facts["cost_cpu_s"]),
    )
