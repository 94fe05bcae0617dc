"""What the protocol answers to a message that is not taken: its own error messages, by the one table of statuses."""

from __future__ import annotations

import logging
from typing import Any, Final

from sympolis.api.errors import row_of
from sympolis.api.http import Reply, json_reply
from sympolis.dataspace.dsp.vocabulary import CONTEXT
from sympolis.domain import errors

log = logging.getLogger(__name__)

CATALOGUE: Final = "CatalogError"
NEGOTIATION: Final = "ContractNegotiationError"
TRANSFER: Final = "TransferError"
_UNKNOWN: Final = "urn:sympolis:unknown"
"""Stands for a process id that is not known: the schemas ask for one."""


def refused(
    kind: str, problem: Exception, *, request_id: str, provider: str = "", consumer: str = ""
) -> Reply:
    """The error message for what went wrong. Who is not allowed to know of something hears that there is nothing."""
    status = 404 if isinstance(problem, errors.Forbidden) else row_of(type(problem)).status
    if status == 500:
        log.error("a message failed", exc_info=problem, extra={"action": "dsp", "request_id": request_id})
    document: dict[str, Any] = {"@context": [CONTEXT], "@type": kind}
    if kind != CATALOGUE:
        document |= {"providerPid": provider or _UNKNOWN, "consumerPid": consumer or _UNKNOWN}
    document |= {"code": str(status), "reason": _reasons(problem, status)}
    return json_reply(document, status=status)


def _reasons(problem: Exception, status: int) -> list[str]:
    if not isinstance(problem, errors.SympolisError):
        return ["something went wrong here"]
    if status == 404:
        return [problem.message if isinstance(problem, errors.NotFound) else "there is no such thing for you"]
    place = f"{problem.where}: " if problem.where else ""
    return [part for part in (f"{place}{problem.message}", problem.hint) if part]
