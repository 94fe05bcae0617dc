"""What may leave: outputs held against what was agreed on, before anybody outside sees them.

Groups that are too small are left out; where a single one would be, the next smallest goes with it, so that it cannot
be had by subtraction (secondary suppression; Hundepool et al. 2012, Statistical Disclosure Control, chapter 4). What
was not agreed on stops the whole: a package that gives more than it said is not corrected, it is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sympolis.analysis.computing.declaration import Agreed
from sympolis.domain import errors

MOST_BYTES: Final = 1 << 20
_LONGEST_TEXT: Final = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """What may leave, and how many groups were left out for being small."""

    tables: dict[str, list[dict[str, Any]]]
    suppressed: dict[str, int]


def checked(outputs: Mapping[str, Any], agreed: Sequence[Agreed], *, least: int, digits: int) -> Checked:
    """What of ``outputs`` may leave. Raises ``Forbidden`` with the reason where nothing may."""
    known = {one.name: one for one in agreed}
    if more := sorted(str(name)[:60] for name in {*outputs} - {*known}):
        raise errors.Forbidden(f"the output {more[0]!r} was not agreed on", where="outputs")
    tables: dict[str, list[dict[str, Any]]] = {}
    suppressed: dict[str, int] = {}
    for name, one in known.items():
        rows = [_row(row, one, digits) for row in _listed(outputs.get(name, []), one)]
        kept = _large_enough(rows, least)
        if rows and not kept:
            text = f"every group of {name} is made of fewer than {least}"
            raise errors.Forbidden(text, where=f"outputs.{name}", hint="ask for larger groups")
        tables[name], suppressed[name] = kept, len(rows) - len(kept)
    if len(msgspec.json.encode(tables)) > MOST_BYTES:
        raise errors.Forbidden(f"the outputs are longer than {MOST_BYTES:,} bytes", where="outputs")
    return Checked(tables, {name: count for name, count in suppressed.items() if count})


def _listed(given: Any, one: Agreed) -> list[Any]:
    if not isinstance(given, list):
        raise errors.Forbidden("an output is a table", where=f"outputs.{one.name}")
    if len(given) > one.most_rows:
        text = f"{len(given)} rows are more than the {one.most_rows} that were agreed on"
        raise errors.Forbidden(text, where=f"outputs.{one.name}")
    return given


def _row(given: Any, one: Agreed, digits: int) -> dict[str, Any]:
    where = f"outputs.{one.name}"
    if not isinstance(given, dict) or {*given} != {"n", *one.numbers, *one.texts}:
        names = sorted(str(name)[:60] for name in given) if isinstance(given, dict) else "no row"
        raise errors.Forbidden(f"a row was agreed on as {sorted(('n', *one.numbers, *one.texts))}, not {names}"[:500],
                               where=where)  # fmt: skip
    n = given["n"]
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise errors.Forbidden("a row does not say of how many it is made", where=f"{where}.n")
    for name in one.texts:
        if not isinstance(given[name], str) or len(given[name]) > _LONGEST_TEXT:
            raise errors.Forbidden(
                f"a text of at most {_LONGEST_TEXT} characters was agreed on", where=f"{where}.{name}"
            )
    numbers = {name: _number(given[name], digits, f"{where}.{name}") for name in one.numbers}
    return {**{name: given[name] for name in one.texts}, "n": n, **numbers}


def _number(given: Any, digits: int, where: str) -> float:
    """Rounded to so many significant digits."""
    if not isinstance(given, int | float) or isinstance(given, bool) or not math.isfinite(given):
        raise errors.Forbidden("a number was agreed on", where=where)
    return float(f"{float(given):.{digits}g}")


def _large_enough(rows: Sequence[dict[str, Any]], least: int) -> list[dict[str, Any]]:
    kept = [row for row in rows if row["n"] >= least]
    if len(rows) - len(kept) == 1 and len(kept) > 1:
        kept.remove(min(kept, key=lambda row: row["n"]))
    return kept
