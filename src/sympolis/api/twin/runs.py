"""Runs: started, followed, cancelled, read as tables, compared."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from sympolis.api.bodies import read_object
from sympolis.api.cells import harmless
from sympolis.api.errors import problem
from sympolis.api.events import event, event_stream
from sympolis.api.http import Reply, Request, Stream, json_reply, tagged_reply
from sympolis.api.parameters import Parameter
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

SCENARIO = Parameter(name="scenario", text="Only the runs of this scenario.", max_length=256)
BASE = Parameter(
    name="base", text="The run to compare with, usually a baseline.", required=True, max_length=256
)
WITH = Parameter(name="with", text="The run that is compared.", required=True, max_length=256)

MAX_MEMBERS = 256
MOST_COMPARED = 12
"""Runs compared with one base in one request: each reads two ensembles."""
_MODES = ("interactive", "job")
_STATISTICS = ("mean", "low", "high")


class Runs:
    """Handlers of ``/api/runs``, ``/api/scenarios/{scenario}/runs`` and ``/api/comparisons``."""

    def __init__(self, desk: Desk, keep_alive_s: float) -> None:
        self._desk = desk
        self._keep_alive_s = keep_alive_s

    async def start(self, request: Request) -> Reply:
        """Run a scenario; 200 where the same was run before, else 202."""
        asked = read_run_request(await read_object(request))
        run = await self._desk.start_run(request.arguments["scenario"], **asked)
        location = f"/api/runs/{quote(run['id'])}".encode()
        return json_reply(run, status=200 if run["cached"] else 202, headers=((b"location", location),))

    async def list(self, request: Request) -> Reply:
        """Runs, newest first."""
        return json_reply({"runs": await self._desk.runs(SCENARIO.raw(request))})

    async def get(self, request: Request) -> Reply:
        """One run."""
        return json_reply(await self._desk.run(request.arguments["run"]))

    async def cancel(self, request: Request) -> Reply:
        """Stop a run."""
        return json_reply(await self._desk.cancel_run(request.arguments["run"]), status=202)

    async def events(self, request: Request) -> Stream:
        """A run's progress and its figures as the ensemble grows, as server-sent events, to its end."""
        run_id = request.arguments["run"]
        await self._desk.run(run_id)
        return event_stream(self._progress(run_id), self._keep_alive_s)

    async def results(self, request: Request) -> Reply:
        """What a run gives per feature and hour."""
        return tagged_reply(await self._desk.results(request.arguments["run"]))

    async def results_csv(self, request: Request) -> Reply:
        """The same as a table for spreadsheets."""
        run_id = request.arguments["run"]
        table = to_csv(await self._desk.results(run_id))
        disposition = f'attachment; filename="{quote(run_id)}.csv"'.encode()
        return Reply(
            body=table.encode(),
            media="text/csv; charset=utf-8",
            headers=((b"content-disposition", disposition),),
        )

    async def compare(self, request: Request) -> Reply:
        """What changes between two runs, with its interval and a plain verdict."""
        base, other = BASE.raw(request), WITH.raw(request)
        assert base is not None
        assert other is not None
        return tagged_reply(await self._desk.compare(base, other))

    async def compare_several(self, request: Request) -> Reply:
        """One base with several runs; those that cannot be compared say why, beside those that can."""
        base, several = _read_comparisons(await read_object(request))
        found, refused = [], []
        for other in several:
            try:
                found.append(await self._desk.compare(base, other))
            except (errors.Conflict, errors.NotFound) as error:
                refused.append({"with": other, "problem": problem(error, instance=request.id)})
        return json_reply({"base": base, "comparisons": found, "refused": refused})

    async def _progress(self, run_id: str) -> AsyncGenerator[bytes, None]:
        states = cast("AsyncGenerator[dict[str, Any], None]", self._desk.run_events(run_id))
        shown: object = []
        async with aclosing(states):
            async for run in states:
                if run["indicators"] != shown:
                    shown = run["indicators"]
                    yield event(
                        {"run": run["id"], "status": run["status"], "indicators": shown}, name="figures"
                    )
                yield event({**run["progress"], "status": run["status"], "run": run["id"]}, name="progress")


def _read_comparisons(document: Mapping[str, Any]) -> tuple[str, list[str]]:
    for name in document.keys() - {"base", "with"}:
        raise errors.InvalidRequest("unknown member", where=name, hint="known: base, with")
    base, several = document.get("base"), document.get("with")
    if not isinstance(base, str) or not base:
        raise errors.InvalidRequest("expected a run's id", where="base")
    texts = isinstance(several, list) and all(isinstance(one, str) and one for one in several)
    if not texts or not 1 <= len(several) <= MOST_COMPARED:  # type: ignore[arg-type]
        raise errors.InvalidRequest(f"expected 1 to {MOST_COMPARED} ids of runs", where="with")
    return base, list(dict.fromkeys(several or ()))


def read_run_request(document: Mapping[str, Any]) -> dict[str, Any]:
    """``mode``, ``members`` and ``seed`` of a request to run. Raises ``InvalidRequest``."""
    for name in document.keys() - {"mode", "members", "seed"}:
        raise errors.InvalidRequest("unknown member", where=name, hint="known: members, mode, seed")
    mode = document.get("mode", "interactive")
    if mode not in _MODES:
        raise errors.InvalidRequest(f"expected one of {', '.join(_MODES)}", where="mode")
    members, seed = document.get("members"), document.get("seed", 1)
    if members is not None and not _whole(members, 1, MAX_MEMBERS):
        raise errors.InvalidRequest(
            f"expected null or a whole number from 1 to {MAX_MEMBERS}", where="members"
        )
    if not _whole(seed, 0, 2**31 - 1):
        raise errors.InvalidRequest("expected a whole number from 0 to 2147483647", where="seed")
    return {"mode": mode, "members": members, "seed": seed}


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def to_csv(results: Mapping[str, Any]) -> str:
    """One line per feature and hour; every field with its unit, as mean, low and high."""
    text = io.StringIO()
    writer = csv.writer(text)
    fields = results["fields"]
    names = [f"{name}_{which} [{fields[name]['unit']}]" for name in fields for which in _STATISTICS]
    writer.writerow(["feature", "hour", *map(harmless, names)])
    writer.writerows(_csv_rows(results))
    return text.getvalue()


def _csv_rows(results: Mapping[str, Any]) -> Iterator[list[Any]]:
    fields = results["fields"]
    for number, hour in enumerate(results["hours"]):
        columns = [fields[name][which][number] for name in fields for which in _STATISTICS]
        for place, feature in enumerate(results["features"]):
            yield [
                harmless(feature),
                hour,
                *("" if column[place] is None else column[place] for column in columns),
            ]
