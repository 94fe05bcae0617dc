"""Finding a page of features where the store can decide a filter, and where it cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sympolis.api.ogc.items import Wanted
from sympolis.api.ogc.predicates import selects
from sympolis.context.broker import Broker
from sympolis.context.codec import Form, render_feature
from sympolis.context.terms import Terms
from sympolis.domain import errors

_AT_ONCE: Final = 1_000
_MOST: Final = 50_000
"""So many features a request may look at that no index can rule out."""


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """The features of a page, and how many there are on all pages."""

    features: list[dict[str, Any]]
    matched: int


async def find_features(broker: Broker, wanted: Wanted, terms: Terms) -> FeaturePage:
    """The page wanted. Raises ``TooComplexQuery`` where too many features would have to be looked at."""
    if wanted.rest is None:
        page = await broker.query(wanted.query)
        return FeaturePage([_feature(entity, terms) for entity in page.entities], page.total or 0)
    return await _looked_through(broker, wanted, terms)


async def _looked_through(broker: Broker, wanted: Wanted, terms: Terms) -> FeaturePage:
    query, first = wanted.query, wanted.query.offset
    found: list[dict[str, Any]] = []
    matched, seen = 0, 0
    while True:
        page = await broker.query(replace(query, limit=_AT_ONCE, offset=seen, count=False))
        for entity in page.entities:
            feature = _feature(entity, terms)
            if selects(wanted.rest, feature):
                matched += 1
                if first < matched <= first + query.limit:
                    found.append(feature)
        seen += len(page.entities)
        if len(page.entities) < _AT_ONCE:
            return FeaturePage(found, matched)
        if seen >= _MOST:
            message = f"no index rules out enough: more than {_MOST} features would have to be looked at"
            raise errors.TooComplexQuery(
                message, where="filter", hint="add a bbox or a comparison with a value"
            )


def _feature(entity: Any, terms: Terms) -> dict[str, Any]:
    return render_feature(entity, terms, form=Form.KEY_VALUES)
