"""Finds data models: those that come with the platform and those of the city, by name and version.

A city's model of the same name and version replaces the platform's; of another version, it stands beside it.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sympolis.domain import errors, reading
from sympolis.domain.reading import Finding, did_you_mean
from sympolis.governance.datamodels.model import DataModel, ModelAttribute

_LIBRARY = Path(__file__).parent / "library"
_COMMON = "common.toml"


class Registry:
    """The models that a twin knows."""

    def __init__(self, own: Iterable[DataModel] = ()) -> None:
        found = {(model.name, model.version): model for model in shipped()}
        found |= {(model.name, model.version): with_common(model) for model in own}
        self._models = dict(sorted(found.items(), key=lambda item: (item[0][0], _order(item[0][1]))))

    def all(self) -> list[DataModel]:
        """Every version of every model, by name, older ones first."""
        return list(self._models.values())

    def newest(self) -> list[DataModel]:
        """The newest version of every model."""
        return list({model.name: model for model in self._models.values()}.values())

    def get(self, name: str, version: str = "") -> DataModel:
        """A model; the newest version where none is named. Raises ``NotFound``."""
        versions = [model for (known, _), model in self._models.items() if known == name]
        if not versions:
            names = {known for known, _ in self._models}
            raise errors.NotFound(
                f"there is no data model {name!r}", where="name", hint=did_you_mean(name, names)
            )
        for model in versions:
            if model.version == version:
                return model
        if version:
            known = ", ".join(model.version for model in versions)
            raise errors.NotFound(
                f"data model {name} has no version {version}", where="version", hint=f"there is {known}"
            )
        return versions[-1]


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@functools.cache
def shipped() -> tuple[DataModel, ...]:
    """The models that come with the platform."""
    return tuple(model for path in sorted(_LIBRARY.glob("*.toml")) for model in _models(path))


def _models(path: Path) -> list[DataModel]:
    if path.name == _COMMON:
        return []
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    base = document.get("base", "")
    return [with_common(_made({"base": base, **one}, path.name)) for one in document["models"]]


def _made(document: Mapping[str, Any], where: str) -> DataModel:
    findings: list[Finding] = []
    model = reading.read(DataModel, document, where, findings)
    if model is None:
        raise errors.SettingsInvalid(findings[0].message, where=findings[0].where, hint=findings[0].hint)
    return model


@functools.cache
def _common() -> Mapping[str, ModelAttribute]:
    document = tomllib.loads((_LIBRARY / _COMMON).read_text(encoding="utf-8"))
    return _made({"name": "Common", "version": "1.0.0", "title": {}, **document}, _COMMON).attributes


def with_common(model: DataModel) -> DataModel:
    """The model with the attributes that every model may have, its own first."""
    return replace(
        model,
        attributes={**model.attributes, **{k: v for k, v in _common().items() if k not in model.attributes}},
    )
