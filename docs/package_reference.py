"""The reference of city packages, written from the very dataclasses that read them."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import pairwise

from sympolis.acquisition.codelists import CodeList
from sympolis.acquisition.mapping import EntityMapping
from sympolis.acquisition.source import Source
from sympolis.analysis.atlas.plan import AtlasPlan
from sympolis.analysis.dashboards.plan import DashboardPlan
from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.city.alerts import AlertPlan
from sympolis.city.schema import CityFacts, MapPlan, ModelPlan, ScenarioPlan
from sympolis.city.services import ServicePlan
from sympolis.city.stories import StoryPlan
from sympolis.decision.participation.project import ProjectPlan
from sympolis.domain.reading import describe
from sympolis.governance.datamodels.model import DataModel
from sympolis.governance.masterdata.model import Kind
from sympolis.governance.mediator.model import Mediation
from sympolis.help.routing import HelpPlan
from sympolis.orchestration.planning.plan import Plan
from sympolis.plugins.loader import Manifest

FILES: tuple[tuple[str, type], ...] = (
    ("city.toml", CityFacts),
    ("sources/<id>.toml", Source),
    ("mappings/<id>.toml", EntityMapping),
    ("code-lists/<id>.toml", CodeList),
    ("data-models/<name>.toml", DataModel),
    ("master-data/<kind>.toml", Kind),
    ("mediations/<id>.toml", Mediation),
    ("models/<id>.toml", ModelPlan),
    ("scenarios/<id>.toml", ScenarioPlan),
    ("forecasts/<id>.toml", ForecastPlan),
    ("alerts/<id>.toml", AlertPlan),
    ("services/<id>.toml", ServicePlan),
    ("participation/<id>.toml", ProjectPlan),
    ("plans/<id>.toml", Plan),
    ("stories/<id>.toml", StoryPlan),
    ("help.toml", HelpPlan),
    ("dashboards/map.toml", MapPlan),
    ("dashboards/<id>.toml", DashboardPlan),
    ("atlas/<id>.toml", AtlasPlan),
    ("manifest.toml of a plugin", Manifest),
)

HEAD = (
    "# City package\n\nEvery file of a city package and every field in it. An unknown field is an error, with the "
    "nearest known one as a hint;\n`sympolis city check` lists all mistakes at once. How to make one: "
    "[howto/new-city.md](../howto/new-city.md).\n"
)


def page() -> str:
    """The page in Markdown."""
    return HEAD + "".join(f"\n## `{file}`\n\n" + "\n".join(tables(kind, "")) for file, kind in FILES)


def tables(kind: type, prefix: str) -> Iterator[str]:
    """A table of a dataclass's fields, and of those within, each with what it expects and means."""
    rows, inner = [], []
    hints, remarks = typing.get_type_hints(kind), _remarks(kind)
    for item in dataclasses.fields(kind):
        name = item.metadata.get("key") or item.name
        cells = (
            f"`{prefix}{name}`",
            _expected(item, hints[item.name]),
            _default(item),
            remarks.get(item.name, ""),
        )
        rows.append(f"| {' | '.join(cells)} |")
        below = _record_in(hints[item.name])
        if below is not None:
            inner.append((below, f"{prefix}{name}{_step(hints[item.name])}."))
    yield (
        _summary(kind)
        + "\n\n| field | expected | default | meaning |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )
    for below, path in inner:
        yield from tables(below, path)


def _summary(kind: type) -> str:
    return _plain(kind.__doc__ or "")


def _remarks(kind: type) -> dict[str, str]:
    """The text that stands below each field in the code."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body  # type: ignore[attr-defined]
    found = {}
    for field, below in pairwise(body):
        text = (
            below.value.value
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            else None
        )
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, str):
            found[field.target.id] = _plain(text)
    return found


def _plain(text: str) -> str:
    """A docstring as one line of Markdown that is safe in a table."""
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|").replace("<", "&lt;")


def _expected(item: dataclasses.Field[typing.Any], hint: typing.Any) -> str:
    rules, parts = item.metadata, [describe(hint)]
    if rules.get("choices"):
        parts = ["one of " + ", ".join(f"`{choice}`" for choice in rules["choices"] if choice)]
    bounds = [
        f"{word} {rules[name]}"
        for name, word in (("minimum", "from"), ("maximum", "to"))
        if rules.get(name) is not None
    ]
    return " ".join([*parts, *bounds, rules.get("unit") or ""]).strip()


def _default(item: dataclasses.Field[typing.Any]) -> str:
    if item.default is dataclasses.MISSING:
        return "required" if item.default_factory is dataclasses.MISSING else ""
    if item.default in (None, "", ()) or dataclasses.is_dataclass(item.default):
        return ""
    value = item.default.value if isinstance(item.default, Enum) else item.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _record_in(hint: typing.Any) -> type | None:
    if dataclasses.is_dataclass(hint):
        return typing.cast("type", hint)
    return next((found for part in typing.get_args(hint) if (found := _record_in(part)) is not None), None)


def _step(hint: typing.Any) -> str:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return "[]"
    is_table = isinstance(origin, type) and issubclass(origin, Mapping)
    return ".‹name›" if is_table else ""
