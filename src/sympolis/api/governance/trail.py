"""The audit log for those who may read it: newest first, a page at a time."""

from __future__ import annotations

import msgspec

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter, Parameter
from sympolis.api.parts import Governed
from sympolis.governance.audit.record import Act
from sympolis.governance.audit.wording import in_words

BEFORE = IntegerParameter(name="before", text="Only entries with a smaller number.", high=2**53)
MOST = IntegerParameter(name="limit", text="So many entries.", default=100, low=1, high=1000)
SUBJECT = Parameter(name="subject", text="Only what this user did.", max_length=200)
ACT = Parameter(name="act", text="Only acts of this kind.", choices=tuple(one.value for one in Act))
PARAMETERS = (BEFORE, MOST, SUBJECT, ACT)


class Trail:
    """Handler of ``/api/admin/audit``."""

    def __init__(self, governed: Governed) -> None:
        self._audit = governed.audit

    async def list(self, request: Request) -> Reply:
        """A page of the log; ``next`` is the ``before`` of the following page."""
        await self._audit.settled()
        before = BEFORE.of(request) if BEFORE.raw(request) is not None else None
        limit = MOST.of(request)
        found = self._audit.trail.page(
            before=before, limit=limit, subject=SUBJECT.raw(request), act=ACT.raw(request)
        )
        following = found[-1].number if len(found) == limit else None
        entries = [{**msgspec.to_builtins(one), "words": in_words(one.event.operation)} for one in found]
        return json_reply({"entries": entries, "next": following})
