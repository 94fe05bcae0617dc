"""Asking a twin over HTTP with the standard library alone; what it refuses becomes the error that it stands for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

from sympolis.domain import errors

_PROBLEMS: Final[Mapping[str, type[errors.SympolisError]]] = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.SympolisError)
}
_BY_STATUS: Final[Mapping[int, type[errors.SympolisError]]] = {
    400: errors.InvalidRequest,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
}
_NAMES: Final = {"ResourceNotFound": "NotFound"}
"""Error types of NGSI-LD that have another name here."""
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Connection:
    """Asks the twin at ``base``.

    Parameters
    ----------
    base : scheme and host, e.g. ``https://twin.city.example``
    token : an API key or a token of the city's issuer; without one, only what is public is seen
    timeout_s : how long to wait for each answer
    """

    def __init__(self, base: str, *, token: str | None = None, timeout_s: float = 60.0) -> None:
        if urlsplit(base).scheme not in ("http", "https"):
            raise errors.InvalidRequest(
                "expected http:// or https://", where="url", hint="http://127.0.0.1:8400"
            )
        self.base = base.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s

    def get(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        accept: str = "application/json",
        link: str = "",
    ) -> Answer:
        """The answer to a GET, whole. Raises the error that the twin's problem stands for, or ``SourceFailed``."""
        with self._open(path, parameters, accept, link) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, headers, answer.read())

    def lines(self, path: str, parameters: Parameters | None = None) -> Iterator[str]:
        """The lines of an answer without end, as they come."""
        with self._open(path, parameters, "text/event-stream", "") as answer:
            for line in answer:
                yield line.decode().rstrip("\r\n")

    def save(self, path: str, parameters: Parameters | None, target: Any) -> None:
        """Write an answer into a file that is open for writing, piece by piece."""
        with self._open(path, parameters, "*/*", "") as answer:
            while chunk := answer.read(1 << 16):
                target.write(chunk)

    def _open(self, path: str, parameters: Parameters | None, accept: str, link: str) -> HTTPResponse:
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        url = urljoin(self.base + "/", path.lstrip("/") if not path.startswith("http") else path)
        if not url.startswith(self.base + "/"):
            raise errors.Forbidden("this address is not the twin's", where=url)
        request = Request(f"{url}{'&' if '?' in url else '?'}{urlencode(given)}" if given else url)  # noqa: S310
        request.add_header("Accept", accept)
        if link:
            request.add_header("Link", link)
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            found: HTTPResponse = urlopen(request, timeout=self._timeout_s)  # noqa: S310
        except HTTPError as problem:
            raise _refused(problem) from None
        except (URLError, OSError, HTTPException) as problem:
            reason = getattr(problem, "reason", problem)
            raise errors.SourceFailed(f"the twin does not answer: {reason}", where=self.base) from problem
        return found


def _refused(answer: HTTPError) -> errors.SympolisError:
    with answer:
        try:
            problem = json.loads(answer.read())
        except ValueError:
            problem = {}
    told = problem if isinstance(problem, dict) else {}
    name = str(told.get("type", "")).rsplit("/", 1)[-1]
    kind = _PROBLEMS.get(_NAMES.get(name, name), _BY_STATUS.get(answer.code, errors.SourceFailed))
    message = told.get("detail") or told.get("title") or f"the twin answered {answer.code}"
    return kind(str(message), where=str(told.get("where", "")), hint=str(told.get("hint", "")))
