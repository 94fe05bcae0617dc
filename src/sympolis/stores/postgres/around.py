"""A page of what lies around a place, by one statement: what many ask, and what grew with how crowded the place is.

PostGIS finds the shapes whose box touches the search box, the rest of the query is looked up for each, and those that
come first in the order of ids are given with their bodies, some more than the page has, for what a relation means is
decided by the code that decides it for every store. One statement is one moment, so none of this needs a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import shapely

from sympolis.context import geometry
from sympolis.context.evaluate import only_here
from sympolis.context.geometry import GeoTest
from sympolis.context.query import Query, TypeIs
from sympolis.stores.postgres.compile import Compiler, Crowd, Parameters, attributes_in
from sympolis.stores.postgres.server import Connection

_LONGEST: Final = 500
"""Pages that end later are found in the general way."""
_MORE: Final = 10
_FEW: Final = 1_000
"""So many shapes in a place are no crowd."""


@dataclass(frozen=True, slots=True)
class Around:
    """The bodies of a page; None where they are to be found in another way, in which ``crowd`` may help."""

    bodies: tuple[bytes, ...] | None
    crowd: Crowd | None = None


_ANOTHER_WAY: Final = Around(None)


def suits(wanted: Query) -> bool:
    """Whether a query is of the kind that is answered here."""
    plain = not (wanted.ids or wanted.count or only_here(wanted))
    whole = wanted.ordering is None and wanted.id_pattern is None
    return wanted.geo is not None and plain and whole and 0 < wanted.offset + wanted.limit <= _LONGEST


async def page_around(db: Connection, tenant: int, keys: Mapping[str, int], wanted: Query) -> Around:
    """The page of a query that ``suits``, where one statement can tell."""
    assert wanted.geo is not None
    test, name = geometry.prepare(wanted.geo), keys.get(wanted.geo.property)
    if name is None:
        return Around(())
    if test.box is None:
        return _ANOTHER_WAY
    end = wanted.offset + wanted.limit
    size = 2 * end + _MORE  # a circle fills three quarters of its box
    statement = _compiled(wanted, tenant, keys, Crowd(name, test.box), size)
    if statement is None:
        return _ANOTHER_WAY
    rows = await db.fetch(*statement)
    missing, many = rows[0][:2]
    if missing or many:
        return Around(None, Crowd(name, test.box) if many else None)
    found = [row[2:] for row in rows if row[2] is not None]
    fitting = _fitting(test, found, whole=len(found) < size)
    if len(found) == size and len(fitting) < end:
        return _ANOTHER_WAY
    return Around(tuple(fitting[wanted.offset : end]))


def _compiled(
    query: Query, tenant: int, keys: Mapping[str, int], crowd: Crowd, size: int
) -> tuple[Any, ...] | None:
    """A statement and its values for the first ``size`` by id of what a query lets through; None where SQL cannot tell.

    Rows of: whether an attribute has values that ``fact`` lacks, whether this is a crowd, so that walking to the page
    is shorter, and, where neither holds, id, shape and body. Ids and bodies are looked up for each, because a plan that
    is to serve for any place would join all there are.
    """
    compiler = Compiler(Parameters(tenant), keys, frozenset(), one_by_one=True)
    source, its_id, rest = _source(compiler, query)
    conditions = compiler.conditions(rest)
    if not all(condition.exact for condition in conditions):
        return None
    add = compiler.add
    bound = f"greatest({_FEW}, sqrt(entities * {add(float(size))}::float8))::bigint"
    most = f"(SELECT {bound} FROM tenant WHERE key = $1)"  # noqa: S608
    near = (
        f"SELECT entity AS key, geometry FROM shape WHERE tenant = $1 AND {compiler.near(crowd)} LIMIT {most}"  # noqa: S608
    )
    names = add([keys.get(name, 0) for name in attributes_in(query.q)])
    missing = f"SELECT 1 FROM fact WHERE tenant = $1 AND name = ANY({names}::int[]) AND value = '\\xff'"  # noqa: S608
    holds = "".join(f" AND ({condition.sql})" for condition in conditions)
    first = (
        f"SELECT e.key, e.geometry, {its_id} AS id FROM {source}"  # noqa: S608
        f" WHERE (SELECT count(*) FROM near) < {most}{holds} ORDER BY id LIMIT {add(size)}"
    )
    statement = (
        f"WITH near AS MATERIALIZED ({near}) SELECT x.missing, x.many, p.id, ST_AsBinary(p.geometry),"  # noqa: S608
        " (SELECT body FROM entity WHERE entity.key = p.key) FROM"
        f" (SELECT EXISTS ({missing}) AS missing, (SELECT count(*) FROM near) >= {most} AS many) AS x"
        f" LEFT JOIN ({first}) AS p ON true ORDER BY p.id"
    )
    return statement, *compiler.parameters.values


def _source(compiler: Compiler, query: Query) -> tuple[str, str, Query]:
    """The shapes with the ids of their entities, and what is left of the query: one look tells the id and the type."""
    if not isinstance(query.types, TypeIs):
        return "near AS e", "(SELECT id FROM entity WHERE entity.key = e.key)", query
    listed = f"SELECT id FROM entity_type WHERE entity = e.key AND type = {compiler.name(query.types.name)} OFFSET 0"  # noqa: S608
    return f"near AS e CROSS JOIN LATERAL ({listed}) AS t", "t.id", replace(query, types=None)


def _fitting(test: GeoTest, rows: Sequence[Any], *, whole: bool) -> list[bytes]:
    """The bodies of the entities (id, shape, body) of which a shape fits, each once.

    Where these are not the ``whole``, the last entity may have more shapes behind the end, and is left out.
    """
    if not rows:
        return []
    fits = test.select(shapely.from_wkb([row[1] for row in rows])).tolist()
    last = None if whole else rows[-1][0]
    found = {row[0]: row[2] for row, fit in zip(rows, fits, strict=True) if fit and row[0] != last}
    return list(found.values())
