"""`sympolis federation tour`: everything that two twins do with each other, once, over their API, told step by step.

Discover, report compatibility, negotiate, transfer, call a service, count the use on both sides, end: what a
demonstration shows and an operator checks after joining. Nothing here is a path of its own: each step is the call that
page and scripts make.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from sympolis.cli.client import Client
from sympolis.domain import errors

Json = dict[str, Any]
Tell = Callable[[str, str], None]
"""Called with the step's name and what came of it."""
FORMAT: Final = "File-PULL"
PROCESSES: Final = "OGC-Processes"
_WAIT: Final = "wait_s=20"
_LOOKS: Final = 60
_BETWEEN_S: Final = 0.5


@dataclass(slots=True)
class Tour:
    """One consumer, one partner of theirs, and what has happened so far.

    ``dataset`` and ``service`` '' take the first on offer; a partner that offers no service is called upon for none.
    """

    twin: Client
    partner: str
    tell: Tell
    dataset: str = ""
    form: str = FORMAT
    service: str = ""
    pause: Callable[[float], None] = time.sleep
    steps: list[Json] = field(default_factory=list)

    def run(self) -> Json:
        """All steps in order. Raises the error of the first that fails."""
        offer = self._discover()
        self._report()
        agreement = self._negotiate(offer)
        transfer = self._transfer(agreement)
        call = self._call()
        self._count([transfer["id"], *([call["transfer"]] if call else [])])
        self._end(agreement, transfer["id"])
        if call:
            self._end(call["agreement"], call["transfer"])
        return {"partner": self.partner, "dataset": offer["id"], "agreement": agreement, "steps": self.steps}

    def _discover(self) -> Json:
        path = f"/api/federation/catalogue?limit=1000&kind=dataset&partner={quote(self.partner, safe='')}"
        found = self._whole(path)
        offered = [one for one in found["entries"] if one["offers"]]
        if self.dataset:
            offered = [one for one in offered if one["id"] == self.dataset or _name(one) == self.dataset]
        if not offered:
            raise errors.NotFound(
                "the partner offers no such dataset to us", where=self.dataset or self.partner
            )
        self._note(
            "discover", f"{found['count']} entries, {len(offered)} on offer; taking {_name(offered[0])}"
        )
        return dict(offered[0])

    def _report(self) -> None:
        found = self._whole("/api/federation/matrix")
        verdicts = [one["verdict"] for one in found["cells"]]
        counted = ", ".join(f"{verdicts.count(one)} × {one}" for one in sorted(set(verdicts)))
        self._note(
            "compatibility", f"{len(found['services'])} services on {len(found['cities'])} cities: {counted}"
        )

    def _negotiate(self, offer: Json) -> str:
        asked = {"partner": self.partner, "dataset": offer["id"], "offer": offer["offers"][0]["id"]}
        begun = self.twin.post(f"/api/federation/negotiations?{_WAIT}", asked)
        if begun["state"] != "FINALIZED":
            raise errors.Conflict(
                f"the negotiation is {begun['state']}: {begun['why'] or 'the partner decides by hand'}",
                where=begun["id"],
                hint="look at it on the partner's page Federation",
            )
        acts = " → ".join(step["state"] for step in begun["steps"])
        self._note("negotiate", acts)
        return str(begun["agreement"])

    def _transfer(self, agreement: str) -> Json:
        asked = {"agreement": agreement, "format": self.form}
        begun = self.twin.post(f"/api/federation/transfers?{_WAIT}", asked)
        if begun["state"] not in ("STARTED", "COMPLETED"):
            raise errors.Conflict(f"the transfer is {begun['state']}: {begun['why']}", where=begun["id"])
        arrived = self._arrived(begun)
        size = sum(int(one.get("bytes", 0)) for one in arrived["received"])
        self._note("transfer", f"{self.form}, {len(arrived['received'])} received, {size} bytes")
        return dict(arrived)

    def _arrived(self, transfer: Json) -> Json:
        """The transfer once something has come of it. Raises ``SourceFailed`` where nothing does."""
        path = f"/api/federation/transfers/{quote(transfer['id'], safe='')}"
        for _ in range(_LOOKS):
            found: Json = self.twin.get(path)
            if found["received"]:
                return found
            self.pause(_BETWEEN_S)
        raise errors.SourceFailed("nothing has come of the transfer", where=transfer["id"])

    def _call(self) -> Json | None:
        """A service of the partner, called under an agreement of its own; None where none is on offer."""
        path = f"/api/federation/catalogue?limit=1000&kind=service&partner={quote(self.partner, safe='')}"
        offered = [
            one for one in self._whole(path)["entries"] if one["offers"] and PROCESSES in one["formats"]
        ]
        if self.service:
            offered = [one for one in offered if self.service in (one["id"], _name(one))]
        if not offered and not self.service:
            self._note("call", "the partner offers no service")
            return None
        if not offered:
            raise errors.NotFound("the partner offers no such service to us", where=self.service)
        agreement = self._negotiate(offered[0])
        asked = {"partner": self.partner, "asset": offered[0]["id"], "agreement": agreement}
        found = self.twin.post("/api/federation/calls", asked)
        for _ in range(_LOOKS):
            if found["state"] not in ("begun", "running"):
                break
            found = self.twin.get(f"/api/federation/calls/{quote(found['id'], safe='')}?{_WAIT}")
        if found["state"] != "done":
            raise errors.SourceFailed(f"the call is {found['state']}: {found['why']}", where=found["id"])
        self._note("call", _told(offered[0], found))
        return dict(found)

    def _count(self, transfers: list[str]) -> None:
        for one in transfers:
            path = f"/api/federation/transfers/{quote(one, safe='')}/comparison"
            found = self.twin.get(path)
            if not found["agree"]:
                raise errors.Conflict("the accounts of both sides differ", where=one)
            self._note("usage", _compared(found))

    def _end(self, agreement: str, transfer: str) -> None:
        path = f"/api/federation/agreements/{quote(agreement, safe='')}"
        self.twin.post(f"{path}/decision", {"act": "terminate", "why": "the tour is over"})
        after = self.twin.get(path)
        states = ", ".join(f"{one['id']} {one['state']}" for one in after["transfers"])
        if after["allows_now"]:
            raise errors.Conflict("the agreement still allows use after its end", where=agreement)
        self._note("terminate", f"agreement ended {after['ended']}; transfers: {states or transfer}")

    def _whole(self, path: str) -> Json:
        """What is answered once everybody has answered, or in the end without those who do not."""
        found: Json = self.twin.get(path)
        for _ in range(_LOOKS):
            if not found["partial"]:
                break
            self.pause(_BETWEEN_S)
            found = self.twin.get(path)
        return found

    def _note(self, step: str, words: str) -> None:
        self.steps.append({"step": step, "result": words})
        self.tell(step, words)


def _name(entry: Json) -> str:
    return str(entry["id"]).rstrip("/").rpartition("/")[2].rpartition(":")[2]


def _told(service: Json, call: Json) -> str:
    """What was called and what came of it, in one line."""
    said, came = call["provenance"], call["came"]
    made = f"{said.get('model')} {said.get('model_version')}, {said.get('members')} members"
    return (
        f"{_name(service)}: {came['bytes']} bytes by {made}, {said.get('cost_cpu_s')} CPU seconds of theirs"
    )


def _compared(found: Json) -> str:
    """Both accounts in one line."""
    return ", ".join(f"{name} {_amount(value)}" for name, value in found.items())


def _amount(value: Any) -> str:
    return str(len(value)) if isinstance(value, list) else str(value)
