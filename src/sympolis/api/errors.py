"""The one table from the platform's errors to HTTP.

Everywhere RFC 9457 problem details; under ``/ngsi-ld`` with the ``type`` URIs that ETSI GS CIM 009 clause 6.3.2
fixes. A mistake of the client's is never a 500; a 500 is a defect of ours: logged with the request id, told without
internals.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sympolis.api.http import JSON, PROBLEM_JSON, Headers, Reply, encode
from sympolis.domain import errors

NGSI_LD_ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"
OWN_ERRORS = "/docs/errors/"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """How one class of errors looks in HTTP: its status and its name among NGSI-LD's error types ('' = none)."""

    status: int
    ngsi_ld: str = ""


TABLE: Mapping[type[BaseException], Row] = {
    errors.InvalidRequest: Row(400, "InvalidRequest"),
    errors.BadRequestData: Row(400, "BadRequestData"),
    errors.Unauthenticated: Row(401),
    errors.Forbidden: Row(403),
    errors.TooComplexQuery: Row(403, "TooComplexQuery"),
    errors.TooManyResults: Row(403, "TooManyResults"),
    errors.NotFound: Row(404, "ResourceNotFound"),
    errors.NonexistentTenant: Row(404, "NonexistentTenant"),
    errors.MethodNotAllowed: Row(405),
    errors.NotAcceptable: Row(406),
    errors.AlreadyExists: Row(409, "AlreadyExists"),
    errors.Conflict: Row(409, "Conflict"),
    errors.Cancelled: Row(409, "Conflict"),
    errors.LengthRequired: Row(411),
    errors.PayloadTooLarge: Row(413),
    errors.UnsupportedMediaType: Row(415),
    errors.OperationNotSupported: Row(422, "OperationNotSupported"),
    errors.TooManyAttempts: Row(429),
    errors.QuotaExceeded: Row(429),
    errors.OverrideRefused: Row(422, "OperationNotSupported"),
    errors.CityPackageInvalid: Row(422, "BadRequestData"),
    errors.SympolisError: Row(500, "InternalError"),
    errors.NotImplementedHere: Row(501, "OperationNotSupported"),
    errors.SourceFailed: Row(502),
    errors.ModelFailed: Row(502),
    errors.StoreUnavailable: Row(503),
    errors.ContextNotAvailable: Row(504, "LdContextNotAvailable"),
    TimeoutError: Row(504),
}

_BY_STATUS: Mapping[int, Headers] = {
    401: ((b"www-authenticate", b'Bearer realm="sympolis"'),),
    429: ((b"retry-after", b"300"),),
    503: ((b"retry-after", b"5"),),
}
"""Headers that a status brings with it."""
_DEFECT = Row(500, "InternalError")
_EMPTY_IN_NGSI_LD = frozenset({411, 415})
"""Statuses that clause 6.3.4 wants without a body."""


def row_of(kind: type[BaseException]) -> Row:
    """The row of the nearest ancestor in the table; a defect's where there is none."""
    return next((TABLE[ancestor] for ancestor in kind.__mro__ if ancestor in TABLE), _DEFECT)


def problem(error: BaseException, *, ngsi_ld: bool = False, instance: str = "") -> dict[str, object]:
    """The problem document (RFC 9457, section 3) of an error. ``instance`` is the request's id."""
    row = row_of(type(error))
    document: dict[str, object] = {
        "type": _type_uri(error, row, ngsi_ld),
        "title": getattr(error, "title", _title(row.status)),
        "status": row.status,
        "detail": _detail(error, row),
    }
    for member in ("where", "hint"):
        if isinstance(error, errors.SympolisError) and getattr(error, member):
            document[member] = getattr(error, member)
    if reasons := getattr(error, "reasons", None):
        document["reasons"] = reasons
    if instance:
        document["instance"] = f"urn:sympolis:request:{instance}"
    return document


def problem_document(error: BaseException) -> dict[str, object]:
    """The problem document of an error as NGSI-LD tells it inside other documents (clause 5.5.3)."""
    return problem(error, ngsi_ld=True)


def error_reply(
    error: Exception, *, ngsi_ld: bool = False, request_id: str = "", echoed: Headers = ()
) -> Reply:
    """The reply for an error that ended a request; logs it if it is our own defect.

    ``echoed`` are headers of the request that every answer to it repeats.
    """
    row = row_of(type(error))
    if row.status == 500:
        log.error("request failed", exc_info=error, extra={"action": "request", "request_id": request_id})
    headers = (*_headers(error, row), *echoed)
    if ngsi_ld and row.status in _EMPTY_IN_NGSI_LD:
        return Reply(status=row.status, headers=headers, media="")
    body = encode(problem(error, ngsi_ld=ngsi_ld, instance=request_id))
    return Reply(status=row.status, body=body, media=JSON if ngsi_ld else PROBLEM_JSON, headers=headers)


def _headers(error: Exception, row: Row) -> Headers:
    if isinstance(error, errors.MethodNotAllowed):
        return ((b"allow", error.hint.removeprefix("allowed: ").encode()),)
    return _BY_STATUS.get(row.status, ())


def _type_uri(error: BaseException, row: Row, ngsi_ld: bool) -> str:
    if ngsi_ld and row.ngsi_ld:
        return NGSI_LD_ERRORS + row.ngsi_ld
    if fixed := getattr(error, "standard", ""):
        return str(fixed)
    ancestors = (kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    return OWN_ERRORS + kind.__name__ if (kind := next(ancestors, None)) else "about:blank"


def _title(status: int) -> str:
    return "Took too long" if status == 504 else "Internal error"


def _detail(error: BaseException, row: Row) -> str:
    if isinstance(error, errors.SympolisError):
        return error.message
    if row.status == 504:
        return "the request took longer than the server allows; ask for less at once"
    return "something went wrong here; the request id finds the details in the server's log"
