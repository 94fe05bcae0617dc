"""Checks what a city's dashboards and atlases refer to: entities that a mapping makes, sources, models, languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympolis.acquisition import mapping as mappings
from sympolis.analysis.atlas import plan as atlas_plan
from sympolis.analysis.atlas.plan import AtlasLayer, AtlasPlan
from sympolis.analysis.dashboards.plan import DashboardPlan, FigurePlan, TileLink, mistakes
from sympolis.city.folder import Contents
from sympolis.domain.reading import Texts, did_you_mean


def check(contents: Contents) -> None:
    """Report every mistake in the dashboards and atlases of a package."""
    produced = _produced(contents)
    for atlas in contents.atlases.values():
        _atlas(contents, atlas, produced)
    for plan in contents.dashboards.values():
        file = f"dashboards/{plan.id}.toml"
        for where, message in mistakes(plan):
            contents.report(f"{file}: {where}", message)
        for figure in plan.figures:
            _figure(contents, f"{file}: figures.{figure.id}", figure, produced)
        _peers(contents, file, plan, produced)
        for tile in plan.tiles:
            for link in tile.links:
                _link(contents, f"{file}: tiles.{tile.id}.links", link)
        for where, texts in _texts(plan):
            _languages(contents, f"{file}: {where}", texts)


def _atlas(contents: Contents, plan: AtlasPlan, produced: Mapping[str, set[str]]) -> None:
    file = f"atlas/{plan.id}.toml"
    for where, message in atlas_plan.mistakes(plan):
        contents.report(f"{file}: {where}", message)
    _attributes(contents, f"{file}: areas", plan.areas.entity_type, {plan.areas.name}, produced)
    for one in plan.layers:
        _layer(contents, f"{file}: layers.{one.id}", one, produced)
    for where, texts in _atlas_texts(plan):
        _languages(contents, f"{file}: {where}", texts)


def _layer(contents: Contents, where: str, one: AtlasLayer, produced: Mapping[str, set[str]]) -> None:
    if one.source and one.source not in contents.sources:
        hint = did_you_mean(one.source, contents.sources)
        contents.report(f"{where}.source", f"there is no source {one.source!r}", hint)
    if one.model and one.model not in contents.models:
        hint = did_you_mean(one.model, contents.models)
        contents.report(f"{where}.model", f"there is no model {one.model!r}", hint)
    if one.entity_type:
        columns = {one.carrier.field, one.status.field, one.capacity.field, one.geometry} - {""}
        _attributes(contents, where, one.entity_type, columns | {f.name for f in one.fields}, produced)


def _atlas_texts(plan: AtlasPlan) -> Iterator[tuple[str, Texts]]:
    yield "title", plan.title
    yield "question", plan.question
    for one in plan.layers:
        yield from (
            (f"layers.{one.id}.{name}", text) for name, text in (("title", one.title), ("note", one.note))
        )
    for gap in plan.missing:
        for name, text in (("title", gap.title), ("text", gap.text), ("connect", gap.connect)):
            yield f"missing.{gap.id}.{name}", text


def _produced(contents: Contents) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in contents.mappings.values():
        found.setdefault(one.entity_type, set()).update(mappings.attribute_names(one))
    return found


def _figure(contents: Contents, where: str, one: FigurePlan, produced: Mapping[str, set[str]]) -> None:
    if one.source and one.source not in contents.sources:
        contents.report(
            f"{where}.source",
            f"there is no source {one.source!r}",
            did_you_mean(one.source, contents.sources),
        )
    if one.value is not None:
        _attributes(contents, where, one.value.entity_type, {one.value.attribute}, produced)
    if one.sum is not None:
        names = {one.sum.attribute, one.sum.since, one.sum.weight, *one.sum.where} - {""}
        _attributes(contents, where, one.sum.entity_type, names, produced)
    if one.history is not None:
        _attributes(contents, where, one.history.entity_type, {one.history.attribute}, produced)
    if one.model is not None and one.model.model not in contents.models:
        hint = did_you_mean(one.model.model, contents.models)
        contents.report(f"{where}.model", f"there is no model {one.model.model!r}", hint)


def _peers(contents: Contents, file: str, plan: DashboardPlan, produced: Mapping[str, set[str]]) -> None:
    if plan.peers is not None:
        names = {plan.peers.code, *(one.attribute for one in plan.peers.fields)}
        _attributes(contents, f"{file}: peers", plan.peers.entity_type, names, produced)


def _link(contents: Contents, where: str, one: TileLink) -> None:
    """Pages that show things of the package by id lead nowhere with another one."""
    things: dict[str, Mapping[str, object]] = {
        "services": contents.services,
        "forecasts": contents.forecasts,
        "sources": contents.sources,
        "models": contents.models,
    }
    if one.id and one.page in things and one.id not in things[one.page]:
        hint = did_you_mean(one.id, things[one.page])
        contents.report(where, f"there is none of {one.page} with the id {one.id!r}", hint)


def _attributes(
    contents: Contents, where: str, kind: str, names: set[str], produced: Mapping[str, set[str]]
) -> None:
    if kind not in produced:
        contents.report(where, f"no mapping makes {kind!r}", did_you_mean(kind, produced))
        return
    for name in sorted(names - produced[kind]):
        contents.report(
            where, f"no mapping gives {kind} an attribute {name!r}", did_you_mean(name, produced[kind])
        )


def _texts(plan: DashboardPlan) -> Iterator[tuple[str, Texts]]:
    yield "title", plan.title
    yield "question", plan.question
    for one in plan.figures:
        yield f"figures.{one.id}.title", one.title
        yield from (
            (f"figures.{one.id}.{name}", text) for name, text in (("method", one.method), ("why", one.why))
        )
        for limit in one.limits:
            yield f"figures.{one.id}.limits", limit.title
    for tile in plan.tiles:
        yield f"tiles.{tile.id}.title", tile.title
        yield f"tiles.{tile.id}.note", tile.note
        yield from ((f"tiles.{tile.id}.links", link.title) for link in tile.links)
    for finding in plan.findings:
        yield f"findings.{finding.id}.text", finding.text


def _languages(contents: Contents, where: str, texts: Texts) -> None:
    wanted = contents.facts.languages if contents.facts else ()
    missing = [language for language in wanted if texts and language not in texts]
    if missing:
        contents.report(where, f"has no text in {', '.join(missing)}", "add the translation", error=False)
