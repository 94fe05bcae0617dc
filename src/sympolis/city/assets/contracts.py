"""The checks of each kind's content, made before anything is published and again before anything is installed.

A declaration must be one that a twin can read, a program one that Python can (it is parsed, never run), a notebook one
of the form that notebooks have, a learned model's files the package that its card describes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from sympolis.acquisition.mapping import EntityMapping
from sympolis.analysis.dashboards.plan import DashboardPlan
from sympolis.analysis.learned.package import read_package as read_learned
from sympolis.city.alerts import AlertPlan
from sympolis.city.assets.handed import code_in
from sympolis.city.assets.shop import is_learned, learned_package
from sympolis.city.declarations import decode
from sympolis.city.schema import ModelPlan
from sympolis.city.services import ServicePlan
from sympolis.city.stories import StoryPlan
from sympolis.dataspace.repository.kinds import Kind
from sympolis.domain import errors, reading
from sympolis.governance.datamodels.model import DataModel
from sympolis.orchestration.planning.plan import Plan

Content = Mapping[str, bytes]
_READ_AS: Final[Mapping[str, type[Any]]] = {
    "data-models": DataModel,
    "mappings": EntityMapping,
    "services": ServicePlan,
    "models": ModelPlan,
    "dashboards": DashboardPlan,
    "stories": StoryPlan,
    "plans": Plan,
    "alerts": AlertPlan,
}
_MAY_HAVE: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.DATA_MODEL: frozenset({"data-models"}),
    Kind.MAPPING: frozenset({"mappings"}),
    Kind.SERVICE: frozenset({"services", "models"}),
    Kind.MODEL: frozenset({"models"}),
    Kind.DASHBOARD: frozenset({"dashboards"}),
    Kind.STORY: frozenset({"stories"}),
    Kind.PLAN: frozenset({"plans"}),
    Kind.RULEBOOK: frozenset({"alerts"}),
}
_MOST_TOLD: Final = 50


def declarations(kind: Kind, content: Content) -> dict[str, dict[str, Any]]:
    """The declarations of an asset: folder → id → document; none for a kind that is only kept.

    Raises ``BadRequestData`` for a folder that its kind has no business with, or a file that is no declaration.
    """
    found: dict[str, dict[str, Any]] = {}
    for place, body in content.items():
        folder, _, file = place.rpartition("/")
        if not folder:
            continue
        if folder not in _MAY_HAVE.get(kind, ()) or not file.endswith(".json"):
            raise errors.BadRequestData(f"a {kind} brings no such file", where=place)
        document = decode(body, place)
        name = file.removesuffix(".json")
        if document.get("name" if folder == "data-models" else "id") != name:
            raise errors.BadRequestData("is called otherwise than what is in it", where=place)
        found.setdefault(folder, {})[name] = document
    return found


def mistakes(kind: Kind, content: Content, about: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an asset's content, in one sentence each."""
    try:
        return list(_mistakes(kind, content, about))[:_MOST_TOLD]
    except errors.SympolisError as wrong:
        return [f"{wrong.where}: {wrong.message}"]


def _mistakes(kind: Kind, content: Content, about: Mapping[str, Any]) -> Iterator[str]:
    if kind is Kind.MODEL and is_learned(about):
        read_learned(learned_package(content))
        return
    found: list[reading.Finding] = []
    for folder, documents in declarations(kind, content).items():
        for name, document in documents.items():
            reading.read(_READ_AS[folder], document, f"{folder}/{name}.json", found)
    yield from (str(one) for one in found if one.error)
    for place, body in content.items():
        if "/" not in place:
            yield from _file(kind, place, body)


def _file(kind: Kind, place: str, body: bytes) -> Iterator[str]:
    if place.endswith(".ipynb"):
        yield from _notebook(place, body)
    elif kind is Kind.NOTEBOOK and not place.endswith((".py", ".md")):
        yield f"{place}: a notebook is an .ipynb file, a .py or an .md"
    if place.endswith(".json") and not _is_json(body):
        yield f"{place}: is not JSON"
    if code := code_in(place, body):
        try:
            ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as wrong:
            yield f"{place}: Python cannot read it: {wrong}"[:300]
    if not body:
        yield f"{place}: is empty"


def _notebook(place: str, body: bytes) -> Iterator[str]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        yield f"{place}: is no notebook: not JSON"
        return
    version = found.get("nbformat") if isinstance(found, dict) else None
    if version != 4 or not isinstance(found.get("cells"), list):
        yield f"{place}: is no notebook of nbformat 4"


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
