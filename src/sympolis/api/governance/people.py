"""Who one is here and what one may do: for pages that show no more than works, and for people who wonder."""

from __future__ import annotations

from typing import Any

from sympolis.api.asking import subject_of
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parts import Governed

_PRIVATE = "no-store"


class People:
    """Handlers of ``/api/identity/me`` and ``/api/identity/roles``."""

    def __init__(self, governed: Governed) -> None:
        self._governed = governed

    async def me(self, request: Request) -> Reply:
        """Who asks, with roles and rights."""
        subject = subject_of(request)
        rights = sorted(self._governed.gate.roles.granted(subject.roles))
        document: dict[str, Any] = {
            "mode": self._governed.mode,
            "known": subject.known,
            "id": subject.id,
            "name": subject.name,
            "proof": subject.proof.value,
            "roles": sorted(subject.roles),
            "rights": rights,
            "purposes": list(subject.purposes),
        }
        return Reply(body=json_reply(document).body, cache=_PRIVATE)

    async def roles(self, request: Request) -> Reply:  # noqa: ARG002
        """The table of roles, and what each right means."""
        table = self._governed.gate.roles
        roles = [
            {
                "name": one.name,
                "title": one.title,
                "description": one.description,
                "rights": sorted(one.rights),
            }
            for one in table.roles.values()
        ]
        return json_reply({"roles": roles, "rights": table.rights})
