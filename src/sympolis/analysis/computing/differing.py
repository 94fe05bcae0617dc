"""No answer may be taken from another: what differs by a few tells of those few.

Two answers about the same data, of 103 and of 98 trees, tell of five trees when they are subtracted, though each of
them passes for itself (differencing; Hundepool et al. 2012, Statistical Disclosure Control, chapter 5). So an answer
is held against every earlier one of the same partner: where groups of one make up a group of the other but for a few,
it is refused. What is compared are numbers of entities in groups by the same attributes; scripts name their groups as
they like, and series grow by every observation, so for them people and counts of runs have to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympolis.analysis.computing.declaration import Declaration, Script
from sympolis.domain import errors

Rows = Sequence[Mapping[str, Any]]
Key = frozenset[tuple[str, str]]
"""A group: its attributes and their values."""


@dataclass(frozen=True, slots=True)
class Given:
    """An earlier answer, by the id of its computation."""

    id: str
    declaration: Declaration
    tables: Mapping[str, Rows]


def check(declaration: Declaration, tables: Mapping[str, Rows], before: Iterable[Given]) -> None:
    """Raise ``Forbidden`` where an answer and an earlier one differ by fewer than either may tell of."""
    if not _is_compared(declaration):
        return
    own = list(_counted(declaration, tables))
    _check_among(own, own, declaration.min_group)
    for earlier in before:
        if _is_compared(earlier.declaration):
            least = max(declaration.min_group, earlier.declaration.min_group)
            theirs = list(_counted(earlier.declaration, earlier.tables))
            _check_among(own, theirs, least)
            _check_among(theirs, own, least)


def _is_compared(declaration: Declaration) -> bool:
    return declaration.counted == "entity" and not isinstance(declaration.algorithm, Script)


def _counted(declaration: Declaration, tables: Mapping[str, Rows]) -> Iterator[dict[Key, int]]:
    """Each table as its groups, by attributes instead of the package's own names, and how many each is made of."""
    attributes = {one.name: one.attribute for one in declaration.columns}
    grouped: Sequence[str] = getattr(declaration.algorithm, "group_by", ())
    for rows in tables.values():
        groups: dict[Key, int] = {}
        for row in rows:
            key = frozenset((attributes[name], str(row[name])) for name in grouped)
            groups[key] = int(row["n"])
        yield groups


def _check_among(coarse: Sequence[dict[Key, int]], fine: Sequence[dict[Key, int]], least: int) -> None:
    for whole in coarse:
        for parts in fine:
            if whole is not parts:
                _check_pair(whole, parts, least)


def _check_pair(whole: Mapping[Key, int], parts: Mapping[Key, int], least: int) -> None:
    """Each group of ``whole`` against those groups of ``parts`` that divide it further, or are the same."""
    by = {name for key in whole for name, _ in key}
    sums: dict[Key, int] = {}
    for key, n in parts.items():
        outer = frozenset(one for one in key if one[0] in by)
        sums[outer] = sums.get(outer, 0) + n
    for key, n in whole.items():
        rest = abs(n - sums[key]) if key in sums else 0
        if 0 < rest < least:
            text = f"this answer and an earlier one differ by {rest} of those that are counted, fewer than {least}"
            raise errors.Forbidden(text, where="outputs", hint="ask with other groups, or for the same again")
