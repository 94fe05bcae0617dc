"""What a service needs, as twins tell each other: terms as IRIs, since each city has short names of its own.

A need from a partner is read with bounds like everything a stranger wrote, and becomes the same ``Need`` by which this
twin judges its own models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sympolis.dataspace.discovery import reading
from sympolis.orchestration.gather import Names
from sympolis.plugins.simulator import Need, Simulator


class Borrowed:
    """A city's names, and short ones for terms of others that it has none for: the last word of the IRI.

    Only where that word means nothing else here; a partner cannot give our words another meaning.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._meaning: dict[str, str] = {}

    def expand(self, term: str) -> str:
        """See ``Names``."""
        return self._meaning.get(term) or self._names.expand(term)

    def compact(self, iri: str) -> str:
        """See ``Names``."""
        found = self._names.compact(iri)
        word = iri.rstrip("/").rpartition("/")[2].rpartition("#")[2].rpartition(":")[2]
        if ":" not in found or not word.isidentifier() or self._means_another(word, iri):
            return found
        if len(self._meaning) < _MOST_BORROWED:
            self._meaning.setdefault(word, iri)
        return word if self._meaning.get(word) == iri else found

    def _means_another(self, word: str, iri: str) -> bool:
        """Whether the city's own context gives the word a meaning of its own (and not just its default vocabulary)."""
        ours = self._names.compact(self._names.expand(word)) == word and self._names.expand(word) != iri
        return ours and not self._names.expand(word).startswith(_DEFAULT)


MOST_NEEDS: Final = 20
_MOST_BORROWED: Final = 5_000
_DEFAULT: Final = "https://uri.etsi.org/ngsi-ld/default-context/"
_MOST_ATTRIBUTES: Final = 60
_MOST_DAYS: Final = 36_500.0


def document(need: Need, names: Names) -> dict[str, Any]:
    """A need for others to read."""
    return {
        "name": need.name,
        "type": names.expand(need.type),
        "attributes": [names.expand(one) for one in need.attributes],
        "optional": [names.expand(one) for one in need.optional],
        "minimum": need.minimum,
        "history": need.history,
        "where": {names.expand(name): value for name, value in need.where.items()},
        "units": {names.expand(name): unit for name, unit in need.units.items()},
        "proxies": {
            names.expand(name): [names.expand(one) for one in others] for name, others in need.proxies.items()
        },
        "coverage": need.coverage,
        "resolution_m": need.resolution_m,
        "max_age_days": need.max_age_days,
        "grid": need.grid,
        "table": need.table,
    }


def read(given: Mapping[str, Any], names: Names) -> Need | None:
    """A partner's need in our own short names; None for what names no kind of entity."""
    kind = reading.text(given.get("type"))
    if not kind:
        return None
    attributes = reading.words(given.get("attributes", []), _MOST_ATTRIBUTES)
    return Need(
        name=reading.text(given.get("name"), 80) or "need",
        type=names.compact(kind),
        attributes=tuple(map(names.compact, attributes)),
        optional=tuple(map(names.compact, reading.words(given.get("optional", []), _MOST_ATTRIBUTES))),
        minimum=int(_between(given.get("minimum"), 0, 10**7, 1)),
        history=given.get("history") is True,
        where=_where(given.get("where"), names),
        units={names.compact(key): unit for key, unit in _pairs(given.get("units"))},
        proxies=_proxies(given.get("proxies"), names),
        coverage=_between(given.get("coverage"), 0.0, 1.0, 0.0),
        resolution_m=reading.number(given.get("resolution_m")),
        max_age_days=_days(given.get("max_age_days")),
        grid=given.get("grid") is True,
        table=given.get("table") is True,
    )


def model_of(name: str, version: str, needs: Sequence[Need]) -> type[Simulator]:
    """Something whose needs can be compared as those of a simulator that is installed here."""
    return type("Remote", (), {"id": name, "version": version, "needs": tuple(needs)})


def _between(value: Any, low: float, high: float, usual: float) -> float:
    found = reading.number(value)
    return usual if found is None else min(high, max(low, found))


def _days(value: Any) -> float | None:
    found = reading.number(value)
    return None if found is None else min(_MOST_DAYS, max(0.0, found))


def _pairs(value: Any) -> list[tuple[str, str]]:
    given = list(value.items())[:_MOST_ATTRIBUTES] if isinstance(value, Mapping) else []
    return [(reading.text(key), reading.text(one, 40)) for key, one in given if isinstance(one, str)]


def _where(value: Any, names: Names) -> dict[str, Any]:
    given = list(value.items())[:_MOST_ATTRIBUTES] if isinstance(value, Mapping) else []
    plain = (str, int, float, bool)
    return {names.compact(reading.text(key)): one for key, one in given if isinstance(one, plain)}


def _proxies(value: Any, names: Names) -> dict[str, tuple[str, ...]]:
    given = list(value.items())[:_MOST_ATTRIBUTES] if isinstance(value, Mapping) else []
    return {
        names.compact(reading.text(key)): tuple(map(names.compact, reading.words(others, 10)))
        for key, others in given
    }
