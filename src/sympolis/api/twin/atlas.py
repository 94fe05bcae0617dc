"""Atlases: things of several kinds in one view, counted, summed and exported as one asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sympolis.analysis.atlas.files import MEDIA
from sympolis.analysis.atlas.things import Selection
from sympolis.api.http import GEO_JSON, Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter, ListParameter, Parameter
from sympolis.api.reading import is_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, TEXT, TEXTS, Schema, reference, several, structure
from sympolis.context import gated
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.orchestration.atlases.documents import LANGUAGES

if TYPE_CHECKING:
    from sympolis.analysis.atlas.plan import AtlasLayer, AtlasPlan
    from sympolis.orchestration.atlases.desk import AtlasDesk

LAYERS: Final = ListParameter(name="layers", text="Only these layers.", max_items=50)
CARRIERS: Final = ListParameter(
    name="carriers", text="Only these carriers, in the source's words.", max_items=50
)
STATES: Final = ListParameter(
    name="states", text="Only in these states, in the source's words.", max_items=50
)
AREAS: Final = ListParameter(name="areas", text="Only in these areas, by id.", max_items=200)
LOW: Final = Parameter(name="from", text="Least capacity, in the atlas's unit.", max_length=20, example="100")
HIGH: Final = Parameter(
    name="to", text="Largest capacity, in the atlas's unit.", max_length=20, example="750"
)
LIMIT: Final = IntegerParameter(
    name="limit", text="The largest so many things of each layer.", low=1, high=20_000, default=2_000
)
FORM: Final = Parameter(
    name="format", text="The kind of file.", choices=tuple(MEDIA), required=True, example="gpkg"
)
LANGUAGE: Final = Parameter(
    name="lang", text="The language of headings; English unless given.", choices=LANGUAGES
)
_ASKED: Final = (LAYERS, CARRIERS, STATES, AREAS, LOW, HIGH)
_JSON: Final = "application/json"
_TAG: Final = "Atlases"
_PATH: Final = {"atlas": "An atlas's id."}
_SUMMARY: Final[dict[str, Schema]] = {"id": TEXT, "title": TEXTS, "question": TEXTS}
_LONGEST_S: Final = 300.0


class AtlasPages:
    """Handlers of ``/api/atlases``."""

    def __init__(self, desk: AtlasDesk, terms: Terms) -> None:
        self._desk = desk
        self._terms = terms

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every atlas."""
        found = [{"id": one.id, "title": one.title, "question": one.question} for one in self._desk.plans]
        return json_reply({"atlases": found})

    async def get(self, request: Request) -> Reply:
        """One atlas: layers, choices, what is missing. Layers that whoever asks may not see are left out."""
        plan = self._desk.plan(request.arguments["atlas"])
        described = await self._desk.describe(plan.id)
        shown = self._shown(plan)
        return json_reply({**described, "layers": [one for one in described["layers"] if one["id"] in shown]})

    async def summary(self, request: Request) -> Reply:
        """What a selection adds up to."""
        plan, asked = self._asked(request)
        return json_reply(await self._desk.summary(plan.id, asked))

    async def features(self, request: Request) -> Reply:
        """The selected things, the largest of each layer."""
        plan, asked = self._asked(request)
        return json_reply(await self._desk.features(plan.id, asked, LIMIT.of(request)), media=GEO_JSON)

    async def export(self, request: Request) -> Reply:
        """All selected things as a file."""
        plan, asked = self._asked(request)
        form = FORM.raw(request) or ""
        body = await self._desk.export(plan.id, asked, form, LANGUAGE.raw(request) or "en")
        named = f'attachment; filename="{plan.id}.{form}"'.encode("ascii")
        return Reply(body=body, media=MEDIA[form], headers=((b"content-disposition", named),))

    def _asked(self, request: Request) -> tuple[AtlasPlan, Selection]:
        """The question; a layer that is asked for by name and may not be seen is refused, others are left out."""
        plan = self._desk.plan(request.arguments["atlas"])
        layers = LAYERS.of(request)
        for one in plan.layers:
            if one.id in layers:
                for kind in self._types(plan, one):
                    gated.ask_for(self._terms.expand(kind))
        shown = self._shown(plan)
        if not layers and not shown:
            raise errors.Forbidden("you may see none of its layers", where=plan.id)
        return plan, Selection(
            layers=layers or tuple(shown),
            carriers=CARRIERS.of(request),
            states=STATES.of(request),
            areas=AREAS.of(request),
            low=_number(LOW, request),
            high=_number(HIGH, request),
        )

    def _shown(self, plan: AtlasPlan) -> Sequence[str]:
        return [one.id for one in plan.layers if self._may(plan, one)]

    def _may(self, plan: AtlasPlan, layer: AtlasLayer) -> bool:
        known = not layer.source or is_listed(layer.source)
        return known and all(gated.shows((self._terms.expand(kind),)) for kind in self._types(plan, layer))

    @staticmethod
    def _types(plan: AtlasPlan, layer: AtlasLayer) -> tuple[str, ...]:
        """What a layer tells of: a table that a model made is about the areas it was made for."""
        return (layer.entity_type or plan.areas.entity_type,)


def _number(parameter: Parameter, request: Request) -> float | None:
    text = parameter.raw(request)
    try:
        found = None if text is None else float(text)
    except ValueError:
        found = float("nan")
    if found is not None and not -1e15 < found < 1e15:
        raise errors.InvalidRequest("expected a number", where=parameter.name)
    return found


def operations(desk: AtlasDesk, terms: Terms) -> tuple[Operation, ...]:
    """The routes."""
    pages, path = AtlasPages(desk, terms), "/api/atlases/{atlas}"
    listed = structure({"atlases": several(structure(_SUMMARY))}, required=("atlases",))
    binary = {media.partition(";")[0]: {"type": "string", "format": "binary"} for media in MEDIA.values()}
    return (
        Operation(
            method="GET", path="/api/atlases", handle=pages.list, name="listAtlases", title="The city's atlases",
            tag=_TAG, answers={200: Answer("The atlases.", {_JSON: listed})},
        ),
        Operation(
            method="GET", path=path, handle=pages.get, name="getAtlas", title="An atlas: layers and what is missing",
            tag=_TAG, path_texts=_PATH, answers={200: Answer("The atlas.", {_JSON: OBJECT})},
        ),
        Operation(
            method="GET", path=f"{path}/summary", handle=pages.summary, name="getAtlasSummary",
            title="What a selection adds up to", tag=_TAG, path_texts=_PATH, parameters=_ASKED,
            text="Numbers and sums of capacity by layer, carrier, state and area. Layers are never summed together.",
            answers={200: Answer("The sums.", {_JSON: OBJECT})},
        ),
        Operation(
            method="GET", path=f"{path}/features", handle=pages.features, name="getAtlasFeatures",
            title="The selected things", tag=_TAG, path_texts=_PATH, parameters=(*_ASKED, LIMIT),
            text="The largest `limit` of each layer as GeoJSON; `matched` says how many there are.",
            answers={200: Answer("The things.", {GEO_JSON: reference("FeatureCollection")})},
        ),
        Operation(
            method="GET", path=f"{path}/export", handle=pages.export, name="exportAtlas",
            title="The selected things as a file", tag=_TAG, path_texts=_PATH, parameters=(*_ASKED, FORM, LANGUAGE),
            text="GeoPackage, Excel workbook, CSV, or a map as PDF; with attribution, licence and what is missing.",
            timeout_s=_LONGEST_S, answers={200: Answer("The file.", binary)},
        ),
    )  # fmt: skip
