"""Reads the files of a city package into typed values, collecting mistakes instead of stopping at the first.

What belongs together across files is ``city.check``'s business; here each file is read for itself.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sympolis.acquisition import codelists
from sympolis.acquisition.codelists import CodeList
from sympolis.acquisition.mapping import EntityMapping
from sympolis.acquisition.source import Source
from sympolis.analysis.atlas.plan import AtlasPlan
from sympolis.analysis.dashboards.plan import DashboardPlan
from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.city import registers
from sympolis.city.alerts import AlertPlan
from sympolis.city.schema import CityFacts, MapPlan, ModelPlan, ScenarioPlan
from sympolis.city.services import ServicePlan
from sympolis.city.stories import StoryPlan
from sympolis.decision.participation.project import ProjectPlan
from sympolis.domain import reading
from sympolis.domain.reading import Finding
from sympolis.governance.datamodels.model import DataModel
from sympolis.governance.masterdata.model import Kind, Thing
from sympolis.governance.mediator.model import Mediation
from sympolis.help.routing import HelpPlan
from sympolis.orchestration.planning.plan import Plan

T = TypeVar("T")
Overlay = Mapping[str, Mapping[str, Any]]
"""Declarations beside a package's own (assets of other twins that were installed): folder → id → document.

``contexts`` holds terms → IRIs. A package's own always goes before.
"""


@dataclass(slots=True)
class Contents:
    """What could be read of a package, and every mistake met on the way."""

    folder: Path
    overlay: Overlay = field(default_factory=dict)
    facts: CityFacts | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    mappings: dict[str, EntityMapping] = field(default_factory=dict)
    code_lists: dict[str, CodeList] = field(default_factory=dict)
    data_models: list[DataModel] = field(default_factory=list)
    mediations: dict[str, Mediation] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    things: dict[str, tuple[Thing, ...]] = field(default_factory=dict)
    models: dict[str, ModelPlan] = field(default_factory=dict)
    scenarios: dict[str, ScenarioPlan] = field(default_factory=dict)
    forecasts: dict[str, ForecastPlan] = field(default_factory=dict)
    alerts: dict[str, AlertPlan] = field(default_factory=dict)
    stories: dict[str, StoryPlan] = field(default_factory=dict)
    services: dict[str, ServicePlan] = field(default_factory=dict)
    dashboards: dict[str, DashboardPlan] = field(default_factory=dict)
    atlases: dict[str, AtlasPlan] = field(default_factory=dict)
    participation: dict[str, ProjectPlan] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    map: MapPlan = field(default_factory=MapPlan)
    help: HelpPlan = field(default_factory=HelpPlan)
    context: Mapping[str, Any] = field(default_factory=dict)
    translations: dict[str, Mapping[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def report(self, where: str, message: str, hint: str = "", *, error: bool = True) -> None:
        """Note a mistake; ``where`` is relative to the package, e.g. ``sources/air.toml: mapping``."""
        self.findings.append(Finding(self.place(where), message, hint, error))

    def place(self, where: str) -> str:
        """``where`` with the package's folder name in front."""
        return f"{self.folder.name}/{where}"


def read(folder: Path, overlay: Overlay | None = None) -> Contents:
    """Read every file of the package, and what lies over it. Never raises for what a file says."""
    contents = Contents(folder, overlay or {})
    contents.facts = _one(contents, "city.toml", CityFacts)
    contents.sources = _each(contents, "sources", Source)
    contents.mappings = _each(contents, "mappings", EntityMapping)
    contents.code_lists = _each(contents, "code-lists", CodeList) | _tables(contents)
    contents.data_models = [
        model
        for path in sorted((folder / "data-models").glob("*.toml"))
        if (model := _one(contents, f"data-models/{path.name}", DataModel)) is not None
    ] + list(_laid_over(contents, "data-models", DataModel, ()).values())
    contents.mediations = _each(contents, "mediations", Mediation)
    contents.kinds = _each(contents, registers.FOLDER, Kind)
    contents.things = {kind: _things(contents, kind) for kind in contents.kinds}
    contents.models = _each(contents, "models", ModelPlan)
    contents.scenarios = _each(contents, "scenarios", ScenarioPlan)
    contents.forecasts = _each(contents, "forecasts", ForecastPlan)
    contents.alerts = _each(contents, "alerts", AlertPlan)
    contents.stories = _each(contents, "stories", StoryPlan)
    contents.services = _each(contents, "services", ServicePlan)
    contents.atlases = _each(contents, "atlas", AtlasPlan)
    contents.dashboards = _each(contents, "dashboards", DashboardPlan, but=("map",))
    contents.participation = _each(contents, "participation", ProjectPlan)
    contents.plans = _each(contents, "plans", Plan)
    if (folder / "dashboards" / "map.toml").exists():
        contents.map = _one(contents, "dashboards/map.toml", MapPlan) or MapPlan()
    if (folder / "help.toml").exists():
        contents.help = _one(contents, "help.toml", HelpPlan) or HelpPlan()
    contents.translations = {
        path.stem: table
        for path in sorted((folder / "translations").glob("*.toml"))
        if (table := _texts(contents, f"translations/{path.name}")) is not None
    }
    if contents.facts is not None:
        contents.context = _context(contents, f"contexts/{contents.facts.id}.jsonld")
    return contents


def _each(contents: Contents, kind_folder: str, kind: type[T], but: tuple[str, ...] = ()) -> dict[str, T]:
    found: dict[str, T] = {}
    for path in sorted((contents.folder / kind_folder).glob("*.toml")):
        if path.stem in but:
            continue
        name = f"{kind_folder}/{path.name}"
        item: Any = _one(contents, name, kind)
        if item is None:
            continue
        if item.id != path.stem:
            contents.report(
                f"{name}: id", f"is {item.id!r} but the file is called {path.stem!r}", "make them the same"
            )
        found[item.id] = item
    return found | _laid_over(contents, kind_folder, kind, found)


def _laid_over(contents: Contents, kind_folder: str, kind: type[T], own: Container[str]) -> dict[str, T]:
    """What lies over a folder of the package, but for what the package has itself."""
    found: dict[str, T] = {}
    for name, document in contents.overlay.get(kind_folder, {}).items():
        where = contents.place(f"{kind_folder}/{name}.json")
        item = None if name in own else reading.read(kind, document, where, contents.findings)
        if item is not None:
            found[name] = item
    return found


def _things(contents: Contents, kind: str) -> tuple[Thing, ...]:
    """The register of a kind; none where the file is not there, since things may be added by decisions alone."""
    name = f"{registers.FOLDER}/{kind}.csv"
    text = _text(contents, name) if (contents.folder / name).exists() else None
    try:
        return () if text is None else registers.things(text)
    except ValueError as cause:
        contents.report(name, str(cause), "see docs/howto/give-things-one-identity.md")
        return ()


def _tables(contents: Contents) -> dict[str, CodeList]:
    """Code lists that are CSV files; their names are their ids."""
    found: dict[str, CodeList] = {}
    for path in sorted((contents.folder / "code-lists").glob("*.csv")):
        name = f"code-lists/{path.name}"
        text = _text(contents, name)
        try:
            found[path.stem] = codelists.from_csv(path.stem, text or "code,value\n")
        except ValueError as cause:
            contents.report(name, str(cause), "two columns: the source's code, and the value to store")
    return found


def _one(contents: Contents, name: str, kind: type[T]) -> T | None:
    document = _toml(contents, name)
    if document is None:
        return None
    return reading.read(kind, document, contents.place(name), contents.findings)


def _toml(contents: Contents, name: str) -> dict[str, Any] | None:
    text = _text(contents, name)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        contents.report(name, f"is not valid TOML: {cause}", "mend the syntax at the place named")
        return None


def _text(contents: Contents, name: str) -> str | None:
    try:
        return (contents.folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        contents.report(name, "is missing", f"create {name}; another city's package shows the form")
    except (OSError, UnicodeDecodeError) as cause:
        contents.report(name, f"cannot be read as UTF-8 text: {cause}")
    return None


def _texts(contents: Contents, name: str) -> Mapping[str, str] | None:
    document = _toml(contents, name)
    for key, value in (document or {}).items():
        if not isinstance(value, str):
            contents.report(f"{name}: {key}", "expected a text")
    return document


def _context(contents: Contents, name: str) -> Mapping[str, Any]:
    text = _text(contents, name)
    if text is None:
        return {}
    try:
        document = json.loads(text)
    except ValueError as cause:
        contents.report(name, f"is not valid JSON: {cause}")
        return {}
    if not isinstance(document, dict) or not isinstance(document.get("@context"), dict):
        contents.report(
            f"{name}: @context", "expected an object of terms", 'write {"@context": {"term": "IRI"}}'
        )
        return {}
    if terms := contents.overlay.get("contexts"):
        document["@context"] = {**terms, **document["@context"]}
    return document
