"""``sympolis city check``: every mistake of a city package at once, each with file, field and what to do.

Files are read one by one (``city.folder``); here they are held against each other, against the plugins that are
installed and against the city's context.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sympolis.acquisition import codelists, contradictions, geometry, units
from sympolis.acquisition import mapping as mappings
from sympolis.acquisition.mapping import EntityMapping
from sympolis.acquisition.source import Source
from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.city import folder as folders
from sympolis.city import (
    governing,
    participation,
    plans,
    registered,
    registers,
    secrets,
    services,
    stories,
    views,
)
from sympolis.city.alerts import AlertPlan
from sympolis.city.folder import Contents, Overlay
from sympolis.city.schema import City, HourWindow, ModelPlan, ScenarioPlan
from sympolis.city.services import ServicePlan
from sympolis.domain import errors, reading
from sympolis.domain.reading import Finding, did_you_mean
from sympolis.governance.datamodels.registry import Registry
from sympolis.governance.mediator.model import Mediation
from sympolis.help import routing
from sympolis.plugins import loader
from sympolis.plugins.connector import Origin

CORE_TERMS = frozenset({"location", "observationSpace", "operationSpace", "description", "title", "Source"})
"""Terms of the NGSI-LD core context that packages use without declaring them."""

TARGETS = ("segments", "features", "area", "polygon")


def check(path: str | Path) -> list[Finding]:
    """Every mistake in the package at ``path``, errors first. Never raises for what a file says."""
    city, findings = inspect(Path(path))
    if city is not None:
        findings += _sample_findings(city)
    return sorted(findings, key=lambda finding: (not finding.error, finding.where))


_LOOKED_AT = 200
"""Rows of a sample in which a column must have turned up."""


def _sample_findings(city: City) -> list[Finding]:
    """Mappings that name columns which the samples do not have; only the check reads data, not every start."""
    found: list[Finding] = []
    for source in city.sources.values():
        path, mapping = city.folder / source.path, city.mappings.get(source.mapping)
        if mapping is None or city.settings.get(source.id) is None or not path.exists():
            continue
        if contradictions.mistakes(mapping):
            continue
        try:
            rows = loader.connectors()[source.connector].read(Origin(path), city.settings[source.id])
            names = {name for record in islice(rows, _LOOKED_AT) for name in record.fields}
        except errors.SympolisError as cause:
            found.append(
                Finding(f"{city.folder.name}/sources/{source.id}.toml: path", cause.message, cause.hint)
            )
            continue
        where = f"{city.folder.name}/mappings/{mapping.id}.toml"
        missing = [name for name in mappings.column_fields(mapping) if names and name not in names]
        found += [
            Finding(where, f"{source.path} has no column {name!r}", did_you_mean(name, names))
            for name in missing
        ]
    return found


def inspect(folder: Path, overlay: Overlay | None = None) -> tuple[City | None, list[Finding]]:
    """The City (None where it cannot be made) and everything that is wrong with it; see ``folder.Overlay``."""
    contents = folders.read(folder, overlay)
    settings = {source.id: _check_source(contents, source) for source in contents.sources.values()}
    portals = {
        source.id: _check_portal(contents, source)
        for source in contents.sources.values()
        if source.refresh is not None and source.refresh.has_own_form
    }
    _check_facts(contents)
    for kind in contents.kinds:
        _check_register(contents, kind)
    for mediation in contents.mediations.values():
        _check_mediation(contents, mediation)
    for mapping in contents.mappings.values():
        _check_mapping(contents, mapping)
    for model in contents.models.values():
        _check_model(contents, model)
    for scenario in contents.scenarios.values():
        _check_scenario(contents, scenario)
    for forecast in contents.forecasts.values():
        _check_forecast(contents, forecast)
    for alert in contents.alerts.values():
        _check_alert(contents, alert)
    for service in contents.services.values():
        _check_service(contents, service)
    _check_map(contents)
    views.check(contents)
    plans.check(contents)
    stories.check(contents)
    participation.check(contents)
    _check_policies(contents)
    _check_help(contents)
    return _city(contents, settings, portals), contents.findings


def _check_help(contents: Contents) -> None:
    """Holidays and topics; a role that nobody knows is a question that nobody answers."""
    for field, message in routing.complaints(contents.help):
        contents.report(f"help.toml: {field}", message)
    try:
        known = governing.load(contents.folder).roles.roles
    except errors.CityPackageInvalid:
        return  # told by _check_policies
    for topic in contents.help.topics:
        for role in topic.roles:
            if role not in known:
                contents.report(
                    f"help.toml: topics: {topic.id}", f"there is no role {role!r}", did_you_mean(role, known)
                )


def _check_policies(contents: Contents) -> None:
    try:
        rules = governing.load(contents.folder)
    except errors.CityPackageInvalid as problem:
        contents.report(problem.where, problem.message, problem.hint)
        return
    for where, message in governing.unknown_names(
        rules, contents.sources, contents.models, contents.services
    ):
        contents.report(
            where, message, "name a source, a model or an interface of this twin, or a role of its table"
        )
    types = {
        one.id: contents.mappings[one.mapping].entity_type
        for one in contents.sources.values()
        if one.mapping in contents.mappings
    }
    for where, message in governing.uneven_types(rules, contents.sources.values(), types):
        hint = "give them types of their own, or treat them alike"
        contents.report(where, message, hint, error=False)


def _city(contents: Contents, settings: Mapping[str, Any], portals: Mapping[str, Any]) -> City | None:
    if contents.facts is None:
        return None
    return City(
        folder=contents.folder,
        facts=contents.facts,
        sources=dict(sorted(contents.sources.items(), key=lambda item: (item[1].order, item[0]))),
        mappings={
            key: codelists.resolved(mapping, contents.code_lists)
            for key, mapping in contents.mappings.items()
        },
        models=contents.models,
        scenarios=tuple(sorted(contents.scenarios.values(), key=lambda item: (item.order, item.id))),
        help=contents.help,
        services=tuple(sorted(contents.services.values(), key=lambda item: (item.order, item.id))),
        atlases=tuple(contents.atlases.values()),
        dashboards=tuple(contents.dashboards.values()),
        plans=tuple(contents.plans.values()),
        participation=tuple(sorted(contents.participation.values(), key=lambda item: (item.order, item.id))),
        forecasts=tuple(contents.forecasts.values()),
        alerts=tuple(contents.alerts.values()),
        stories=tuple(sorted(contents.stories.values(), key=lambda item: (item.order, item.id))),
        layers=tuple(sorted(contents.map.layers, key=lambda item: (item.order, item.id))),
        figures=contents.map.figures,
        areas=contents.map.areas,
        context=contents.context,
        data_models=tuple(contents.data_models),
        mediations=contents.mediations,
        kinds=contents.kinds,
        things=contents.things,
        translations=contents.translations,
        settings=settings,
        portal_settings=portals,
    )


def _check_facts(contents: Contents) -> None:
    facts = contents.facts
    if facts is None:
        return
    _zone(contents, "city.toml: timezone", facts.timezone)
    if not facts.languages:
        contents.report("city.toml: languages", "names no language", 'write languages = ["en"]')
    for field, texts in (("name", facts.name), ("title", facts.title)):
        _languages(contents, f"city.toml: {field}", texts)


def _zone(contents: Contents, where: str, name: str | None) -> None:
    if name is not None and name not in zoneinfo.available_timezones():
        hint = (
            did_you_mean(name, zoneinfo.available_timezones())
            if "/" in name
            else "an IANA name is Europe/Rome"
        )
        contents.report(where, f"{name!r} is not a known time zone", hint)


def _languages(contents: Contents, where: str, texts: Mapping[str, str]) -> None:
    wanted = contents.facts.languages if contents.facts else ()
    missing = [language for language in wanted if language not in texts]
    if missing:
        contents.report(where, f"has no text in {', '.join(missing)}", "add the translation", error=False)


def _named(contents: Contents, where: str, name: str, known: Iterable[str], what: str) -> bool:
    if name in (known := list(known)):
        return True
    contents.report(where, f"there is no {what} {name!r}", did_you_mean(name, known))
    return False


def _check_source(contents: Contents, source: Source) -> Any:
    file = f"sources/{source.id}.toml"
    _languages(contents, f"{file}: title", source.title)
    _zone(contents, f"{file}: timezone", source.timezone)
    if _named(contents, f"{file}: mapping", source.mapping, contents.mappings, "mapping"):
        _check_expectations(contents, file, source)
    _crs(contents, f"{file}: crs", source.crs)
    if source.model is not None:
        _check_model_use(contents, file, source)
    if not (contents.folder / source.path).resolve().is_relative_to(contents.folder.resolve()):
        contents.report(
            f"{file}: path", f"{source.path} leads out of the package", "put the sample under samples/"
        )
    elif not (contents.folder / source.path).exists():
        hint = f"run: sympolis city build-samples {contents.folder.name}"
        contents.report(f"{file}: path", f"there is no file {source.path}", hint)
    if _named(contents, f"{file}: connector", source.connector, loader.connectors(), "connector"):
        return _settings(contents, file, source)
    return None


def _check_portal(contents: Contents, source: Source) -> Any:
    """The form in which the portal gives it makes the same things as the sample."""
    file, portal = f"sources/{source.id}.toml", source.at_portal
    known = contents.mappings
    if _named(contents, f"{file}: refresh.mapping", portal.mapping, known, "mapping"):
        made, meant = known[portal.mapping], known.get(source.mapping)
        if meant is not None and made.entity_type != meant.entity_type:
            message = f"makes {made.entity_type}, the sample's makes {meant.entity_type}"
            contents.report(f"{file}: refresh.mapping", message, "make them the same")
    if _named(contents, f"{file}: refresh.connector", portal.connector, loader.connectors(), "connector"):
        return _settings(contents, f"{file}: refresh", portal)
    return None


def _check_model_use(contents: Contents, file: str, source: Source) -> None:
    """The model is there, is of the mapping's type, and the terms mean the same in the city's context."""
    assert source.model is not None
    try:
        model = Registry(contents.data_models).get(source.model.name, source.model.version)
    except errors.NotFound as cause:
        contents.report(f"{file}: model.{cause.where}", cause.message, cause.hint)
        return
    mapping = contents.mappings.get(source.mapping)
    if mapping is None:
        return
    if mapping.entity_type != model.name:
        message = f"is {model.name}, but the mapping makes {mapping.entity_type}"
        contents.report(f"{file}: model.name", message, "name the model of what the mapping makes")
    known = contents.context.get("@context", {})
    for name in (name for name in mappings.attribute_names(mapping) if name in model.attributes):
        meant, iri = _expanded(known, name), model.attribute_iri(name)
        if meant is not None and meant != iri:
            where = f"contexts/{contents.folder.name}.jsonld: {name}"
            message = f"stands for {meant}, in {model.name} for {iri}: the model does not judge it"
            contents.report(where, message, "make them the same", error=False)


def _expanded(context: Mapping[str, Any], term: str) -> str | None:
    """The IRI of a term in a simple context; None where it is not plainly said."""
    value = context.get(term)
    if isinstance(value, Mapping):
        value = value.get("@id")
    if not isinstance(value, str):
        return None
    prefix, colon, rest = value.partition(":")
    base = context.get(prefix)
    return f"{base}{rest}" if colon and isinstance(base, str) and not rest.startswith("//") else value


def _crs(contents: Contents, where: str, name: str) -> None:
    try:
        geometry.transform(name)
    except ValueError as cause:
        contents.report(where, str(cause), "look its code up at epsg.io; WGS84 is EPSG:4326")


def _settings(contents: Contents, file: str, source: Source) -> Any:
    try:
        kind = loader.connectors()[source.connector].settings_type
    except errors.SettingsInvalid as cause:
        contents.report(f"{file}: connector", cause.message, cause.hint)
        return None
    where = contents.place(f"{file}: settings" if ":" not in file else f"{file}.settings")
    found = reading.read(kind, source.settings, where, contents.findings)
    _check_secrets(contents, file, found)
    return found


def _check_secrets(contents: Contents, file: str, settings: Any) -> None:
    """A secret that is missing is a warning only: a package is checked on machines that have none of them."""
    wanted = list(secrets.named(settings))
    if not wanted:
        return
    try:
        known = secrets.read_secrets(contents.folder)
    except errors.CityPackageInvalid as cause:
        contents.report(secrets.FILE, cause.message, cause.hint)
        return
    for setting, name in wanted:
        if name not in known:
            message, hint = (
                f"{secrets.FILE} has no {name!r}",
                f'write {name} = "…" there; never the secret itself here',
            )
            contents.report(f"{file}: settings.{setting}", message, hint, error=False)


def _check_expectations(contents: Contents, file: str, source: Source) -> None:
    known = mappings.attribute_names(contents.mappings[source.mapping])
    for name in source.expectations.attributes:
        where = f"{file}: expectations.attributes.{name}"
        _named(contents, where, name, known, f"attribute (of mapping {source.mapping})")


def _check_mediation(contents: Contents, mediation: Mediation) -> None:
    file = f"mediations/{mediation.id}.toml"
    if mediation.form == "entity" and not mediation.rules:
        contents.report(f"{file}: rules", "there are none", "add [[rules]] with take and put")
    for index, rule in enumerate(mediation.rules):
        if wrong := units.mistake(rule.unit, rule.from_unit):
            contents.report(f"{file}: rules[{index}].unit", *wrong)


def _check_register(contents: Contents, kind: str) -> None:
    if kind in registers.RESERVED:
        contents.report(
            f"{registers.FOLDER}/{kind}.toml: id", f"{kind!r} is a path of the API", "choose another"
        )
    if contents.kinds[kind].entities and contents.context:
        for name in (contents.kinds[kind].entity_type, *registered.TERMS):
            _term(contents, f"{registers.FOLDER}/{kind}.toml: entities", name, terms_of(contents.context))
    known = {one.id for one in contents.things[kind]}
    for one in contents.things[kind]:
        lost = [name for name in one.successors if name not in known]
        if lost:
            where = f"{registers.FOLDER}/{kind}.csv: {one.id}"
            contents.report(where, f"leads to {lost[0]!r}, which is not there", did_you_mean(lost[0], known))


def _check_mapping(contents: Contents, mapping: EntityMapping) -> None:
    file = f"mappings/{mapping.id}.toml"
    for field, message, hint in contradictions.mistakes(mapping):
        contents.report(f"{file}: {field}", message, hint)
    for index, rule in enumerate(mapping.attributes):
        if rule.code_list is not None:
            where = f"{file}: attributes[{index}].code_list"
            _named(contents, where, rule.code_list, contents.code_lists, "code list")
    for index, join in enumerate(mapping.joins):
        _named(contents, f"{file}: joins[{index}].kind", join.kind, contents.kinds, "kind of master data")
    terms = terms_of(contents.context)
    if contents.context:
        _term(contents, f"{file}: entity_type", mapping.entity_type, terms)
        for name in mappings.attribute_names(mapping):
            _term(contents, f"{file}: attribute {name}", name, terms)
    if mapping.id not in {
        name for one in contents.sources.values() for name in (one.mapping, one.at_portal.mapping)
    }:
        contents.report(file, "is used by no source", "name it in a source, or delete it", error=False)


def terms_of(context: Mapping[str, Any]) -> set[str]:
    """The short terms that a context document and the core context define."""
    return set(CORE_TERMS) | {key for key in context.get("@context", {}) if not key.startswith("@")}


def _term(contents: Contents, where: str, name: str, terms: set[str]) -> None:
    if name not in terms:
        close = did_you_mean(name, terms)
        hint = close if close.startswith("did") else f"add it to contexts/{contents.folder.name}.jsonld"
        contents.report(where, f"{name!r} is not a term of the city's context", hint)


def _check_model(contents: Contents, model: ModelPlan) -> None:
    file = f"models/{model.id}.toml"
    _named(contents, f"{file}: simulator", model.simulator, loader.simulators(), "simulator")
    _window(contents, f"{file}: baseline.window", model.baseline.window)
    if model.calibration is not None:
        where = f"{file}: calibration"
        _named(contents, f"{where}.source", model.calibration.source, contents.sources, "source")
        _window(contents, f"{where}.window", model.calibration.window)


def _window(contents: Contents, where: str, window: HourWindow) -> None:
    if window.start_hour >= window.end_hour:
        contents.report(where, "start_hour must come before end_hour")


def _check_scenario(contents: Contents, scenario: ScenarioPlan) -> None:
    file = f"scenarios/{scenario.id}.toml"
    _named(contents, f"{file}: model", scenario.model, contents.models, "model")
    _named(contents, f"{file}: base", scenario.base, ["baseline", *contents.scenarios], "scenario")
    _window(contents, f"{file}: window", scenario.window)
    _languages(contents, f"{file}: title", scenario.title)
    _languages(contents, f"{file}: question", scenario.question)
    if not scenario.overrides:
        contents.report(
            f"{file}: overrides", "a scenario without overrides is the baseline", "add [[overrides]]"
        )
    for index, override in enumerate(scenario.overrides):
        targets = [key for key in override.where if key in TARGETS]
        if len(targets) != 1 or len(override.where) != 1:
            message = f"expected exactly one of {', '.join(TARGETS)}, found {', '.join(override.where) or 'nothing'}"
            contents.report(f"{file}: overrides[{index}].where", message)


def _check_service(contents: Contents, service: ServicePlan) -> None:
    file = f"services/{service.id}.toml"
    models = {scenario.id: scenario.model for scenario in contents.scenarios.values()}
    for place, message, hint in services.complaints(service, contents.models, models):
        contents.report(f"{file}: {place}", message, hint)
    _languages(contents, f"{file}: title", service.title)
    _languages(contents, f"{file}: question", service.question)


def _check_forecast(contents: Contents, forecast: ForecastPlan) -> None:
    file = f"forecasts/{forecast.id}.toml"
    _named(contents, f"{file}: source", forecast.source, contents.sources, "source")
    _languages(contents, f"{file}: title", forecast.title)
    terms = terms_of(contents.context)
    _term(contents, f"{file}: entity_type", forecast.entity_type, terms)
    _term(contents, f"{file}: attribute", forecast.attribute, terms)
    for index, covariate in enumerate(forecast.covariates):
        _term(contents, f"{file}: covariates[{index}].attribute", covariate.attribute, terms)
    if any(season < 1 or season > 7 * forecast.day for season in forecast.seasons) or not forecast.seasons:
        contents.report(f"{file}: seasons", f"expected steps from 1 to {7 * forecast.day}, a week")


def _check_alert(contents: Contents, alert: AlertPlan) -> None:
    file = f"alerts/{alert.id}.toml"
    terms = terms_of(contents.context)
    _term(contents, f"{file}: entity_type", alert.entity_type, terms)
    _term(contents, f"{file}: attribute", alert.attribute, terms)
    _languages(contents, f"{file}: title", alert.title)
    if not alert.bands:
        contents.report(f"{file}: bands", "a rule needs at least one band")


def _check_map(contents: Contents) -> None:
    produced: dict[str, set[str]] = {}
    for mapping in contents.mappings.values():
        produced.setdefault(mapping.entity_type, set()).update(mappings.attribute_names(mapping))
    seen: set[str] = set()
    for index, layer in enumerate(contents.map.layers):
        where = f"dashboards/map.toml: layers[{index}]"
        if layer.id in seen:
            contents.report(f"{where}.id", f"{layer.id!r} is taken by an earlier layer")
        seen.add(layer.id)
        _languages(contents, f"{where}.title", layer.title)
        if layer.source:
            _named(contents, f"{where}.source", layer.source, contents.sources, "source")
        if (layer.kind == "extrusion") != bool(layer.height):
            contents.report(f"{where}.height", "belongs to layers of kind extrusion, and only to these")
        if layer.note:
            _languages(contents, f"{where}.note", layer.note)
        names = (layer.geometry, *filter(None, [layer.height]), *(field.name for field in layer.fields))
        _check_names(contents, where, layer.entity_type, names, produced)
    for index, figure in enumerate(contents.map.figures):
        where = f"dashboards/map.toml: figures[{index}]"
        _languages(contents, f"{where}.title", figure.title)
        if figure.meaning:
            _languages(contents, f"{where}.meaning", figure.meaning)
        _named(contents, f"{where}.source", figure.source, contents.sources, "source")
        _check_names(contents, where, figure.entity_type, (figure.attribute,), produced)


def _check_names(
    contents: Contents,
    where: str,
    entity_type: str,
    names: Iterable[str],
    produced: Mapping[str, set[str]],
) -> None:
    if _named(contents, f"{where}.entity_type", entity_type, produced, "mapped entity type"):
        for name in names:
            _named(contents, f"{where}: {name}", name, produced[entity_type], f"attribute of {entity_type}")
