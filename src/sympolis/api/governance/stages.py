"""The stage of a dataset in its life: read, and changed by those who answer for it."""

from __future__ import annotations

from typing import Any

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parts import Governed
from sympolis.api.reading import check_listed
from sympolis.context.instants import format_instant
from sympolis.domain import errors
from sympolis.domain.steps import read_reason, read_state
from sympolis.governance.audit.record import Act, Event
from sympolis.governance.lifecycle.stages import RIGHTS, Stage, next_stages


class Stages:
    """Handlers of ``/api/datasets/{dataset}/stage``."""

    def __init__(self, governed: Governed) -> None:
        self._governed = governed
        self._lifecycle = governed.lifecycle

    async def get(self, request: Request) -> Reply:
        """Where the dataset is, how it came there, and where whoever asks may take it."""
        return json_reply(self._shown(request, self._dataset(request)))

    async def post(self, request: Request) -> Reply:
        """Take a step: ``{"stage": …, "why": …}``."""
        dataset, subject = self._dataset(request), subject_of(request)
        document = await read_object(request)
        for name in document.keys() - {"stage", "why"}:
            raise errors.BadRequestData("is not known here", where=name, hint="known: stage, why")
        to = read_state(Stage, document.get("stage"), where="stage")
        why = read_reason(document.get("why"))
        right = self._lifecycle.right_for(dataset, to)
        if right not in self._governed.gate.roles.granted(subject.roles):
            raise errors.Forbidden(
                f"making {dataset} {to} needs the right {right}",
                where="stage",
                hint="see /api/identity/roles",
            )
        self._lifecycle.move(dataset, to, by=subject.id, why=why)
        self._governed.gate.forget()
        await self._note(request, dataset, to)
        return json_reply(self._shown(request, dataset))

    def _dataset(self, request: Request) -> str:
        dataset = request.arguments["dataset"]
        check_listed(dataset)
        if self._governed.gate.asset(dataset) is None:
            raise errors.NotFound(f"there is no dataset {dataset}", where="dataset", hint="see /catalogue")
        return dataset

    def _shown(self, request: Request, dataset: str) -> dict[str, Any]:
        stage = self._lifecycle.stage(dataset)
        granted = self._governed.gate.roles.granted(subject_of(request).roles)
        steps = [
            {"stage": one.stage, "at": format_instant(one.at), "by": one.by, "why": one.why}
            for one in self._lifecycle.history(dataset)
        ]
        return {
            "dataset": dataset,
            "stage": stage,
            "public": stage.is_public,
            "next": [one for one in next_stages(stage) if RIGHTS[stage, one] in granted],
            "steps": steps,
        }

    async def _note(self, request: Request, dataset: str, to: str) -> None:
        if request.subject is not None:
            return  # where everybody is asked who they are, ``access`` writes down what was done
        subject = subject_of(request)
        event = Event(
            Act.ADMINISTERED, subject.id, f"make {to}", request.path, request.id, (dataset,), subject.via
        )
        await self._governed.audit.keep(event)
