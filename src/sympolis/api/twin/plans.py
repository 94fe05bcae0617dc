"""Plans that laws ask of a city: steps run and followed, zones, measures with their progress, tables, the report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sympolis.api.bodies import read_object
from sympolis.api.http import GEO_JSON, Reply, Request, json_reply, tagged_reply
from sympolis.api.negotiation import language_of as accepted_language
from sympolis.api.parameters import Parameter
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, INTEGER, NUMBER, OBJECT, TEXT, TEXTS, Schema, several, structure
from sympolis.api.twin import plan_files
from sympolis.decision.printing import page as html
from sympolis.decision.printing.docx import MEDIA as DOCX_MEDIA
from sympolis.decision.printing.docx import docx
from sympolis.decision.printing.pdf import MEDIA as PDF_MEDIA
from sympolis.decision.printing.pdf import pdf
from sympolis.domain import errors
from sympolis.orchestration.planning import report, tables
from sympolis.orchestration.planning.plan import STATUSES

if TYPE_CHECKING:
    from sympolis.orchestration.planning.desk import PlanDesk

_JSON = "application/json"
_TAG = "Plans"
_AS_LONG_AS_IT_TAKES: Final = 0.0
"""Starting a plan prepares the data of every model of its steps first, one after the other."""
_LONGEST_S: Final = 300.0
"""Of writing a file: every building, or every block with its shape."""
_NULLABLE = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["number", "null"]}
_STYLE = "/decisions/style.css"
HTML: Final = "text/html; charset=utf-8"

LANGUAGE = Parameter(name="lang", text="In this language.", choices=report.languages())
FORMAT = Parameter(name="f", text="The kind of file.", choices=tuple(plan_files.MEDIA))
PRINTED = Parameter(name="f", text="The kind of document.", choices=("html", "pdf", "docx"))

DETAILED = Parameter(name="f", text="The kind of file.", choices=("parquet", "csv"))
_DETAIL_MEDIA: Final = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}

MEASURE = structure(
    {
        "id": TEXT, "title": TEXTS, "responsible": TEXT, "cost_meur": _NUMBER_OR_NULL, "start": INTEGER, "end": INTEGER,
        "status": {"enum": list(STATUSES)}, "progress": NUMBER, "indicator": TEXT, "source": TEXT, "declared": BOOLEAN,
        "changed_at": _NULLABLE,
    },
    required=("id", "title", "responsible", "start", "end", "status", "progress", "declared"),
)  # fmt: skip
PLAN = structure(
    {
        "id": TEXT, "title": TEXTS, "question": OBJECT, "law": TEXT, "responsible": TEXT, "cycle_years": INTEGER,
        "adopted": _NULLABLE, "next_review": _NULLABLE, "target_year": INTEGER, "steps": several(OBJECT),
        "targets": several(OBJECT),
        "years": several(INTEGER), "milestones": several(OBJECT), "zones": {"type": ["object", "null"]},
        "measures": several(MEASURE),
        "monitoring": several(OBJECT), "gaps": several(OBJECT),
    },
    required=("id", "title", "law", "steps", "targets", "measures", "monitoring", "gaps"),
)  # fmt: skip
_SUMMARY = structure({"id": TEXT, "title": TEXTS, "question": OBJECT, "law": TEXT, "target_year": INTEGER})
_START = Body(
    structure({"steps": several(TEXT), "members": INTEGER, "seed": INTEGER}),
    example={"steps": ["stock"], "members": 16, "seed": 1},
)
_NEW = Body(
    structure(
        {"id": TEXT, "title": {}, "responsible": TEXT, "cost_meur": _NUMBER_OR_NULL, "start": INTEGER, "end": INTEGER,
         "status": {"enum": list(STATUSES)}, "progress": NUMBER, "indicator": TEXT, "source": TEXT},
        required=("id", "title", "responsible", "start", "end"),
    ),
    example={"id": "loop-east", "title": {"en": "Heat loop in the east"}, "responsible": "Utility", "cost_meur": 12.5,
             "start": 2027, "end": 2030},
)  # fmt: skip
_CHANGED = Body(OBJECT, example={"status": "under way", "progress": 25})
_PLAN_TEXT = {"plan": "A plan's id."}
_MEASURE_TEXT = {**_PLAN_TEXT, "measure": "A measure's id."}


class PlanPages:
    """Handlers of ``/api/plans``."""

    def __init__(self, desk: PlanDesk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every plan in short."""
        shown = ("id", "title", "question", "law", "target_year")
        found = [{name: getattr(one, name) for name in shown} for one in self._desk.plans]
        return json_reply({"plans": found})

    async def get(self, request: Request) -> Reply:
        """One plan with everything that is known."""
        return json_reply(await self._desk.get(request.arguments["plan"]))

    async def start(self, request: Request) -> Reply:
        """Run steps; 202 while any of them is under way."""
        given = await read_object(request)
        steps = _names(given.get("steps", []))
        found = await self._desk.start(
            request.arguments["plan"], steps, _whole(given, "members"), _whole(given, "seed") or 1
        )
        busy = any(step["status"] in ("queued", "running") for step in found["steps"])
        location = f"/api/plans/{quote(found['id'])}".encode()
        return json_reply(found, status=202 if busy else 200, headers=((b"Location", location),))

    async def zones(self, request: Request) -> Reply:
        """Places with their zone and figures as GeoJSON."""
        plan = request.arguments["plan"]
        rows = await self._desk.table(plan, tables.PLACES, "en")
        return tagged_reply(plan_files.as_geojson(rows, await self._shapes(plan)), media=GEO_JSON)

    async def table(self, request: Request) -> Reply:
        """One table as a file."""
        plan, name, form = (
            request.arguments["plan"],
            request.arguments["table"],
            FORMAT.raw(request) or "json",
        )
        language = _language(request)
        rows = await self._desk.table(plan, name, language)
        if form == "json":
            return json_reply({"table": name, "rows": rows})
        shapes = await self._shapes(plan) if form in ("geojson", "gpkg") else {}
        return _file(await _written(form, {name: rows}, shapes), form, f"{plan}-{name}")

    async def everything(self, request: Request) -> Reply:
        """All tables in one file; those of a step that has not been run are left out."""
        plan, form = request.arguments["plan"], FORMAT.raw(request) or "json"
        if form in ("csv", "geojson"):
            hint = "ask for xlsx, gpkg or json, or for one table"
            raise errors.InvalidRequest(f"one {form} file holds one table", where="f", hint=hint)
        found = await self._all_tables(plan, _language(request))
        if form == "json":
            return json_reply({"tables": found})
        shapes = await self._shapes(plan) if form == "gpkg" and tables.PLACES in found else {}
        return _file(await _written(form, found, shapes), form, plan)

    async def details(self, request: Request) -> Reply:
        """Single things behind a step's figures as a file."""
        plan, step = request.arguments["plan"], request.arguments["step"]
        form = DETAILED.raw(request) or "parquet"
        found = await self._desk.details(plan, step)
        content = await asyncio.to_thread(found.with_suffix(f".{form}").read_bytes)
        return _file(content, form, f"{plan}-{step}", _DETAIL_MEDIA[form])

    async def report(self, request: Request) -> Reply:
        """The plan as a document."""
        plan, form = request.arguments["plan"], PRINTED.raw(request) or "html"
        told = report.account(await self._desk.get(plan), _language(request))
        if form == "html":
            return Reply(body=html.page(told, style=_STYLE).encode(), media=HTML)
        if form == "pdf":
            return _file(await asyncio.to_thread(pdf, told), "pdf", plan, PDF_MEDIA)
        return _file(await asyncio.to_thread(docx, told), "docx", plan, DOCX_MEDIA)

    # --- measures -----------------------------------------------------------------------------------------------------

    async def measures(self, request: Request) -> Reply:
        """Every measure."""
        plan = self._desk.plan(request.arguments["plan"])
        return json_reply({"measures": await self._desk.measures.of(plan)})

    async def measure(self, request: Request) -> Reply:
        """One measure with its progress over time."""
        plan = self._desk.plan(request.arguments["plan"])
        return json_reply(await self._desk.measures.get(plan, request.arguments["measure"]))

    async def create(self, request: Request) -> Reply:
        """A new measure."""
        plan = self._desk.plan(request.arguments["plan"])
        made = await self._desk.measures.create(plan, await read_object(request))
        location = f"/api/plans/{quote(plan.id)}/measures/{quote(made['id'])}".encode()
        return json_reply(made, status=201, headers=((b"Location", location),))

    async def change(self, request: Request) -> Reply:
        """Change a measure, e.g. its progress."""
        plan = self._desk.plan(request.arguments["plan"])
        given = await read_object(request)
        return json_reply(await self._desk.measures.change(plan, request.arguments["measure"], given))

    async def delete(self, request: Request) -> Reply:
        """Take a measure out."""
        plan = self._desk.plan(request.arguments["plan"])
        await self._desk.measures.delete(plan, request.arguments["measure"])
        return Reply(status=204)

    # --- parts --------------------------------------------------------------------------------------------------------

    async def _shapes(self, plan: str) -> Mapping[str, Any]:
        return {one["id"]: one for one in (await self._desk.shapes(plan))["features"]}

    async def _all_tables(self, plan: str, language: str) -> dict[str, tables.Rows]:
        found: dict[str, tables.Rows] = {}
        for name in tables.NAMES:
            try:
                found[name] = await self._desk.table(plan, name, language)
            except (
                errors.Conflict,
                errors.NotFound,
            ):  # no zones, or not run yet; an unknown plan raised before
                continue
        return found


async def _written(form: str, sheets: Mapping[str, tables.Rows], shapes: Mapping[str, Any]) -> bytes:
    if form == "xlsx":
        return await plan_files.as_xlsx(sheets)
    if form == "gpkg":
        return await plan_files.as_geopackage(sheets, shapes)
    [rows] = sheets.values()
    if form == "csv":
        return plan_files.as_csv(rows)
    if not any(row.get("id") in shapes for row in rows):
        raise errors.InvalidRequest("these rows have no place on a map", where="f", hint="ask for csv")
    return json_reply(plan_files.as_geojson(rows, shapes)).body


def _file(content: bytes, form: str, name: str, media: str = "") -> Reply:
    disposition = f'attachment; filename="{name}.{form}"'.encode()
    return Reply(
        body=content,
        media=media or plan_files.MEDIA[form],
        headers=((b"Content-Disposition", disposition),),
    )


def _language(request: Request) -> str:
    return LANGUAGE.raw(request) or accepted_language(request.header(b"accept-language"))


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > 50 or not all(isinstance(one, str) for one in value):
        raise errors.InvalidRequest("expected a list of ids of steps", where="steps")
    return value


def _whole(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.InvalidRequest("expected a whole number", where=name)
    return value


def operations(desk: PlanDesk) -> tuple[Operation, ...]:
    """The routes of plans."""
    pages = PlanPages(desk)
    return (*_plan_routes(pages), *_file_routes(pages), *_measure_routes(pages))


def _gives(schema: Schema, text: str = "The answer.", *, status: int = 200) -> dict[int, Answer]:
    return {status: Answer(text, {_JSON: schema})}


def _plan_routes(pages: PlanPages) -> tuple[Operation, ...]:
    path = "/api/plans/{plan}"
    listed = structure({"plans": several(_SUMMARY)}, required=("plans",))
    return (
        Operation(
            method="GET", path="/api/plans", handle=pages.list, name="listCityPlans",
            title="Plans that laws ask of the city", tag=_TAG, answers=_gives(listed),
        ),
        Operation(
            method="GET", path=path, handle=pages.get, name="getCityPlan", title="A plan with all that is known",
            tag=_TAG, path_texts=_PLAN_TEXT,
            text="Each step says its clause, its run and figures with intervals, and every assumption with its source; "
            "targets stand beside the plan's own figures with residuals; zones, measures, figures to watch, gaps.",
            answers=_gives(PLAN),
        ),
        Operation(
            method="POST", path=f"{path}/runs", handle=pages.start, name="runCityPlan", title="Run steps of a plan",
            tag=_TAG, path_texts=_PLAN_TEXT, body=_START,
            text="Without `steps`: all that a service answers. A step that was run on the same data is found again.",
            timeout_s=_AS_LONG_AS_IT_TAKES,
            answers={200: Answer("All was there.", {_JSON: PLAN}), 202: Answer("Under way.", {_JSON: PLAN})},
        ),
    )  # fmt: skip


def _file_routes(pages: PlanPages) -> tuple[Operation, ...]:
    path = "/api/plans/{plan}"
    every: dict[str, Schema] = {media: {} for media in dict.fromkeys(plan_files.MEDIA.values())}
    return (
        Operation(
            method="GET", path=f"{path}/zones", handle=pages.zones, name="getPlanZones",
            title="The zones of a plan as GeoJSON", tag=_TAG, path_texts=_PLAN_TEXT,
            answers={200: Answer("Places with their zone.", {GEO_JSON: OBJECT}), 304: Answer("Unchanged.")},
        ),
        Operation(
            method="GET", path=f"{path}/tables", handle=pages.everything, name="getPlanTables", timeout_s=_LONGEST_S,
            title="All tables of a plan in one file", tag=_TAG, path_texts=_PLAN_TEXT, parameters=(FORMAT, LANGUAGE),
            answers={200: Answer("The tables.", every)},
        ),
        Operation(
            method="GET", path=f"{path}/tables/{{table}}", handle=pages.table, name="getPlanTable",
            timeout_s=_LONGEST_S, title="A table of a plan", tag=_TAG, parameters=(FORMAT, LANGUAGE),
            path_texts={**_PLAN_TEXT, "table": f"One of {', '.join(tables.NAMES)}."},
            answers={200: Answer("The table.", every)},
        ),
        Operation(
            method="GET", path=f"{path}/steps/{{step}}/details", handle=pages.details, name="getPlanDetails",
            timeout_s=_LONGEST_S, title="Single things behind a step", tag=_TAG, parameters=(DETAILED,),
            path_texts={**_PLAN_TEXT, "step": "A step that is computed."},
            text="E.g. every building's heat demand, with every uncertain figure in the middle of its range.",
            answers={200: Answer("The file.", {media: {} for media in _DETAIL_MEDIA.values()})},
        ),
        Operation(
            method="GET", path=f"{path}/report", handle=pages.report, name="printPlan", title="A plan as a document",
            tag=_TAG, timeout_s=_LONGEST_S, path_texts=_PLAN_TEXT, parameters=(PRINTED, LANGUAGE),
            answers={200: Answer("The document.", {"text/html": {}, PDF_MEDIA: {}, DOCX_MEDIA: {}})},
        ),
    )  # fmt: skip


def _measure_routes(pages: PlanPages) -> tuple[Operation, ...]:
    path = "/api/plans/{plan}/measures"
    listed = structure({"measures": several(MEASURE)}, required=("measures",))
    return (
        Operation(
            method="GET", path=path, handle=pages.measures, name="listPlanMeasures", title="Measures of a plan",
            tag=_TAG, path_texts=_PLAN_TEXT, answers=_gives(listed),
        ),
        Operation(
            method="POST", path=path, handle=pages.create, name="createPlanMeasure", title="Add a measure", tag=_TAG,
            path_texts=_PLAN_TEXT, body=_NEW, answers=_gives(MEASURE, "It is there.", status=201),
        ),
        Operation(
            method="GET", path=f"{path}/{{measure}}", handle=pages.measure, name="getPlanMeasure",
            title="A measure with its progress over time", tag=_TAG, path_texts=_MEASURE_TEXT, answers=_gives(MEASURE),
        ),
        Operation(
            method="PATCH", path=f"{path}/{{measure}}", handle=pages.change, name="changePlanMeasure",
            title="Change a measure", tag=_TAG, path_texts=_MEASURE_TEXT, body=_CHANGED, answers=_gives(MEASURE),
        ),
        Operation(
            method="DELETE", path=f"{path}/{{measure}}", handle=pages.delete, name="deletePlanMeasure",
            title="Take a measure out", tag=_TAG, path_texts=_MEASURE_TEXT,
            text="One that the city's package declares is given up instead.",
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip
