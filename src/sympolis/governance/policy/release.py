"""Which datasets are released to the public: what a city says in its package (``policies/release.toml``).

    [public]
    licences = ["CC-BY-4.0", "ODbL-1.0"]   # every dataset under one of these
    datasets = ["tree-register"]           # these as well
    except = ["loop-counts"]               # and these not, whatever their licence
    types = ["SimulationRun"]              # entities that come from no source, above all results of models

Without the file nothing is. It is behind a port, because a lifecycle (draft, in review, released, deprecated) says the
same and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sympolis.domain import errors

_MEMBERS = ("licences", "datasets", "except", "types")


class ReleaseState(Protocol):
    """Says what the public may know of."""

    def is_released(self, dataset: str) -> bool:
        """Whether a dataset is released as public, by its id."""
        ...


@dataclass(frozen=True, slots=True)
class Release:
    """What ``release.toml`` says."""

    licences: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    excepted: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    """Short names in the city's own context."""

    def covers(self, dataset: str, licence: str) -> bool:
        """Whether a dataset under this licence is released."""
        return dataset not in self.excepted and (dataset in self.datasets or licence in self.licences)


@dataclass(frozen=True, slots=True)
class ByLicence:
    """The release state of datasets of which the licences are known."""

    release: Release
    licences: Mapping[str, str]

    def is_released(self, dataset: str) -> bool:
        """See ``ReleaseState``."""
        licence = self.licences.get(dataset)
        return licence is not None and self.release.covers(dataset, licence)


def read_release(document: Mapping[str, Any], *, where: str) -> Release:
    """What the file says. Raises ``CityPackageInvalid``."""
    _known(document, ("public",), where)
    public = document.get("public", {})
    _known(public, _MEMBERS, f"{where}: public")
    for name, value in public.items():
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise errors.CityPackageInvalid("expected a list of texts", where=f"{where}: public.{name}")
    found = {name: frozenset(public.get(name, ())) for name in _MEMBERS}
    return Release(found["licences"], found["datasets"], found["except"], found["types"])


def _known(table: Any, names: tuple[str, ...], where: str) -> None:
    if not isinstance(table, Mapping):
        raise errors.CityPackageInvalid("expected a table", where=where)
    for name in table:
        if name not in names:
            raise errors.CityPackageInvalid(
                "is not known here", where=f"{where}: {name}", hint=f"known: {', '.join(names)}"
            )
