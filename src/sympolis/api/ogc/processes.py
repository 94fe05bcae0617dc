"""OGC API – Processes, Part 1: Core (OGC 18-062r2): the city's models and services, executed by anybody's client.

The shape is what Hamburg's Urban Model Platform calls: it reads the descriptions, executes with ``Prefer:
respond-async``, follows the job and takes the result as a GeoJSON FeatureCollection.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, cast

from sympolis.api.bodies import read_object
from sympolis.api.http import GEO_JSON, JSON, Reply, Request, json_reply
from sympolis.api.ogc import process_descriptions as descriptions
from sympolis.api.ogc import process_jobs as jobs
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.ogc.paging import LIMIT
from sympolis.api.ogc.process_refusals import OF_A_JOB, OF_A_PROCESS, OF_RESULTS, typed
from sympolis.api.ogc.process_requests import Execution, read_execution
from sympolis.api.parameters import OFFSET, Parameter
from sympolis.api.process_ids import DOCUMENT, MODEL, SERVICE, run_of
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import INTEGER, OBJECT, TEXT, Schema, several, structure
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

Json = dict[str, Any]
CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "ogc-process-description", "json", "job-list", "dismiss")
)
F = Parameter(name="f", text="The form of the answer; `json` is the only one.", choices=("json",))
STATUS = Parameter(
    name="status", text="Only jobs in this state.", choices=tuple(dict.fromkeys(jobs.STATUS.values()))
)
PROCESS = Parameter(name="processID", text="Only jobs of this process.", max_length=256)
_TAG = "OGC API Processes"
_AS_LONG_AS_IT_TAKES = 0.0


class Processes:
    """Handlers of ``/ogc/processes`` and ``/ogc/jobs``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Reply:
        """Process list, section 7.10."""
        base = request.base_url
        found = [descriptions.of_service(one, base) for one in await self._desk.services()]
        found += [descriptions.of_model(one, base) for one in await self._desk.models()]
        links = [link(f"{base}{ROOT}/processes", "self", JSON, "What can be computed")]
        return json_reply({"processes": [descriptions.summary(one) for one in found], "links": links})

    async def describe(self, request: Request) -> Reply:
        """Process description, section 7.11."""
        return json_reply(await self._described(request))

    async def execute(self, request: Request) -> Reply:
        """Execution, section 7.11.2: at once with the result, or as a job where that is preferred."""
        process = await self._described(request)
        asked = read_execution(await read_object(request), process)
        try:
            run = await self._started(process["id"], asked)
        except (errors.OverrideRefused, errors.BadRequestData) as refused:
            raise errors.InvalidRequest(
                refused.message, where=f"inputs.{refused.where.removeprefix('levers.')}", hint=refused.hint
            ) from refused
        job_id = run["id"] + (DOCUMENT if asked.document else "")
        if asked.as_job or _prefers_async(request):
            return self._accepted(job_id, run, request)
        states = cast("AsyncGenerator[Json, None]", self._desk.run_events(run["id"]))
        async with aclosing(states):
            async for state in states:
                run = state
        return await self._result(job_id, run)

    async def jobs(self, request: Request) -> Reply:
        """Job list, section 11."""
        process, status = PROCESS.raw(request), STATUS.raw(request)
        found = [
            one
            for one in await self._desk.runs()
            if process in (None, jobs.process_of(one)) and status in (None, jobs.STATUS[one["status"]])
        ]
        start, limit = OFFSET.of(request), LIMIT.of(request)
        links = [link(f"{request.base_url}{ROOT}/jobs", "self", JSON, "What is being computed")]
        if start + limit < len(found):
            following = f"{request.base_url}{ROOT}/jobs?limit={limit}&offset={start + limit}"
            following += f"&processID={segment(process)}" if process else ""
            following += f"&status={status}" if status else ""
            links.append(link(following, "next", JSON, "More of them"))
        page = [jobs.status_info(one["id"], one, request.base_url) for one in found[start : start + limit]]
        return json_reply({"jobs": page, "links": links})

    async def status(self, request: Request) -> Reply:
        """Job status, section 7.12."""
        job_id, run = await self._job(request)
        return json_reply(jobs.status_info(job_id, run, request.base_url))

    async def results(self, request: Request) -> Reply:
        """Job results, section 7.13."""
        return await self._result(*await self._job(request))

    async def dismiss(self, request: Request) -> Reply:
        """Dismiss, section 13. A finished run is part of the twin's record and stays."""
        job_id, run = await self._job(request)
        if run["status"] in ("done", "failed"):
            text = f"the job is {jobs.STATUS[run['status']]} already, and its result is kept"
            raise errors.Conflict(text, where="jobId")
        await self._desk.cancel_run(run["id"])
        info = jobs.status_info(job_id, {**run, "status": "cancelled"}, request.base_url)
        return json_reply({**info, "message": "Job dismissed"})

    # --- parts --------------------------------------------------------------------------------------------------------

    async def _described(self, request: Request) -> Json:
        process_id, base = request.arguments["processID"], request.base_url
        with typed(OF_A_PROCESS):
            if process_id.startswith(MODEL):
                model = process_id.removeprefix(MODEL)
                return descriptions.of_model(await self._desk.model(model), base)
            if process_id.startswith(SERVICE):
                service = process_id.removeprefix(SERVICE)
                return descriptions.of_service(await self._desk.service(service), base)
            raise errors.NotFound(
                f"there is no process {process_id!r}", where="processID", hint=f"see {ROOT}/processes"
            )

    async def _job(self, request: Request) -> tuple[str, Json]:
        job_id = request.arguments["jobId"]
        with typed(OF_A_JOB):
            return job_id, await self._desk.run(run_of(job_id))

    async def _started(self, process_id: str, asked: Execution) -> Json:
        if process_id.startswith(SERVICE):
            service = process_id.removeprefix(SERVICE)
            return await self._desk.start_service(service, asked.inputs, **asked.ensemble)
        model = process_id.removeprefix(MODEL)
        return await self._desk.start_model(model, asked.what_if(), **asked.ensemble)

    def _accepted(self, job_id: str, run: Json, request: Request) -> Reply:
        info = jobs.status_info(job_id, run, request.base_url)
        location = f"{request.base_url}{ROOT}/jobs/{segment(job_id)}".encode()
        headers = ((b"location", location), (b"preference-applied", b"respond-async"))
        return json_reply(info, status=201, headers=headers)

    async def _result(self, job_id: str, run: Json) -> Reply:
        if run["status"] == "failed":
            problem = run["error"]
            raise errors.ModelFailed(problem["detail"], where=problem["where"], hint=problem["hint"])
        if run["status"] != "done":
            text = f"the job is {jobs.STATUS[run['status']]}: there are no results"
            with typed(OF_RESULTS):
                raise errors.NotFound(text, where="jobId", hint="ask for its status")
        results = await self._desk.results(run["id"])
        features = await self._desk.model_features(run["model"])
        compared = None
        if run["baseline"] and run["baseline"] != run["id"]:
            compared = await self._desk.compare(run["baseline"], run["id"])
        collection = jobs.result(run, results, features, compared)
        if job_id.endswith(DOCUMENT):
            return json_reply(jobs.as_document(collection))
        return json_reply(collection, media=GEO_JSON)


def _prefers_async(request: Request) -> bool:
    """RFC 7240: whether ``respond-async`` is among the preferences."""
    given = (request.header(b"prefer") or "").lower()
    return "respond-async" in (part.split(";")[0].strip() for part in given.split(","))


def operations(desk: Desk) -> tuple[Operation, ...]:
    """The routes of this standard."""
    handlers = Processes(desk)
    process, job = {"processID": "A process's id."}, {"jobId": "A job's id."}
    listed = structure(
        {"processes": several(OBJECT), "links": several(OBJECT)}, required=("processes", "links")
    )
    all_jobs = structure(
        {"jobs": several(_STATUS_INFO), "links": several(OBJECT)}, required=("jobs", "links")
    )
    path, jobs_path = f"{ROOT}/processes", f"{ROOT}/jobs"
    one, its = f"{path}/{{processID}}", f"{jobs_path}/{{jobId}}"
    return (
        _get(path, handlers.list, "getProcesses", "What can be computed", listed),
        _get(one, handlers.describe, "getProcessDescription", "A process", OBJECT, texts=process),
        Operation(
            method="POST", path=f"{one}/execution", handle=handlers.execute, name="execute", title="Execute a process",
            tag=_TAG, text="OGC 18-062r2, section 7.11.2. With `Prefer: respond-async` as a job.", path_texts=process,
            timeout_s=_AS_LONG_AS_IT_TAKES,
            body=Body(structure({"inputs": OBJECT, "outputs": OBJECT, "response": TEXT}), example={"inputs": {}}),
            answers={
                200: Answer("The result.", {GEO_JSON: OBJECT, JSON: OBJECT}),
                201: Answer("Queued as a job; see Location.", {JSON: _STATUS_INFO}),
            },
        ),
        _get(jobs_path, handlers.jobs, "getJobs", "Jobs, newest first", all_jobs, LIMIT, OFFSET, STATUS, PROCESS),
        _get(its, handlers.status, "getStatus", "A job", _STATUS_INFO, texts=job),
        Operation(
            method="DELETE", path=its, handle=handlers.dismiss, name="dismiss", title="Stop a job", tag=_TAG,
            text="OGC 18-062r2, section 13.", path_texts=job,
            answers={200: Answer("It was stopped.", {JSON: _STATUS_INFO})},
        ),
        _get(f"{its}/results", handlers.results, "getResult", "A job's result", OBJECT, texts=job, media=GEO_JSON),
    )  # fmt: skip


_STATUS_INFO: Schema = structure(
    {
        "jobID": TEXT,
        "processID": TEXT,
        "type": {"const": "process"},
        "status": {"enum": list(dict.fromkeys(jobs.STATUS.values()))},
        "message": TEXT,
        "progress": INTEGER,
        "created": TEXT,
        "started": TEXT,
        "finished": TEXT,
        "updated": TEXT,
        "links": several(OBJECT),
    },
    required=("jobID", "type", "status"),
)


def _get(
    path: str,
    handle: Any,
    name: str,
    title: str,
    schema: Schema,
    *parameters: Parameter,
    texts: Mapping[str, str] | None = None,
    media: str = JSON,
) -> Operation:
    return Operation(
        method="GET",
        path=path,
        handle=handle,
        name=name,
        title=title,
        tag=_TAG,
        text="OGC 18-062r2, section 7.",
        parameters=(*parameters, F),
        path_texts=texts or {},
        answers={200: Answer(title + ".", {media: schema})},
    )
