"""What a store may offer beside ``Store``: thousands of points at once, as columns.

A map draws ten thousand features at a time. To touch each of them, if only for a microsecond, takes longer than all
the arithmetic: so a store may keep what stands in one small place together, column by column, and hand over the
columns. Who asks must be prepared for a store, and for a query, for which there is nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from sympolis.context.query import Query
from sympolis.context.terms import Terms

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:
    Array = Any


class Texts(NamedTuple):
    """A text for each point, nearly all of them different: UTF-8 one behind the other, and the length of each."""

    joined: bytes
    lengths: Array


class Numbers(NamedTuple):
    """A number for each point (NaN: none). ``whole``: which of them JSON writes without a fraction; None: no one."""

    values: Array
    whole: Array | None


class Coded(NamedTuple):
    """For each point the place of its value among ``values`` (JSON); -1: none."""

    values: Sequence[bytes]
    codes: Array


Column = Texts | Numbers | Coded


class Patch(NamedTuple):
    """Points that stand near each other, each an entity with one type and plain values.

    ``positions`` has shape (n, 2), longitude and latitude in degrees. ``marks`` has the CRC-32 of each id. ``columns``
    has, by the attribute's IRI, what ``render_feature`` shows of it for key values.
    """

    positions: Array
    ids: Texts
    marks: Array
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Patchwork:
    """What stands in and around a box: ``patches`` of points, and the documents (features) of all that is not in them.

    The patches hold all points within the box and some beside it, the documents what the query selects.
    ``names`` are those of the patches' attributes.
    """

    patches: Sequence[Patch]
    documents: Sequence[bytes]
    names: Mapping[str, str]


@runtime_checkable
class Patches(Protocol):
    """Finds what is in a box column by column."""

    async def patches(self, query: Query, terms: Terms, *, tenant: str = "") -> Patchwork | None:
        """What a query for one type within a box selects; None where that has to be asked as ``documents``.

        That is so where the query asks for anything else, where there is far more than its limit, and where nobody has
        asked before: what takes long to prepare is prepared behind the scenes.
        """
        ...
