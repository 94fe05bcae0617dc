"""Looking around at partners: which version of the protocol they speak, and what they offer us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from sympolis.dataspace.calls import JSON, Answer, Calls, read_json
from sympolis.dataspace.contracts.exchange import check_address, new_id
from sympolis.dataspace.dsp import documents
from sympolis.dataspace.dsp.credentials import Credentials
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.vocabulary import CONTEXT, VERSION
from sympolis.domain import errors

WELL_KNOWN: Final = "/.well-known/dspace-version"
MOST_PAGES: Final = 200
_MOST_BYTES: Final = 8 << 20
_PATIENCE_S: Final = 15.0
_NEXT: Final = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


@dataclass(frozen=True, slots=True)
class Market:
    """See the module. Whatever a partner says is checked by its shape before anybody uses it."""

    calls: Calls
    credentials: Credentials

    async def discover(self, root: str) -> str:
        """Where a connector speaks the version that we speak, from its root address.

        An older one is not taken: whoever could talk us down to it would choose its mistakes. Raises ``SourceFailed``.
        """
        root = check_address(root, "address")
        answer = await self.calls("GET", root + WELL_KNOWN, headers=[("Accept", JSON)], timeout_s=_PATIENCE_S)
        found = _shaped(answer, documents.VersionResponse, root + WELL_KNOWN)
        for one in found.protocol_versions:
            if one.version == VERSION:
                return check_address(root + "/" + one.path.strip("/"), "path")
        known = ", ".join(sorted({one.version for one in found.protocol_versions}))
        raise errors.SourceFailed(
            f"it speaks {known}, and we speak {VERSION} alone", where=root, hint="ask its operator to upgrade"
        )

    async def catalogue(self, partner: str, address: str) -> list[dict[str, Any]]:
        """The datasets that a partner offers us, all pages of them. Raises ``SourceFailed``, ``Forbidden``."""
        found: list[dict[str, Any]] = []
        url: str | None = f"{address}/catalog/request"
        seen: set[str] = set()
        while url is not None and url not in seen and len(seen) < MOST_PAGES:
            seen.add(url)
            message = {"@context": [CONTEXT], "@id": new_id(), "@type": "CatalogRequestMessage"}
            answer = await self._asked("POST", url, partner, address, message)
            _shaped(answer, documents.RootCatalog, url)
            found += read_json(answer.body, url).get("dataset", ())
            url = _next_page(answer, url)
        return found

    async def dataset(self, partner: str, address: str, dataset: str) -> dict[str, Any]:
        """One dataset of a partner's. Raises ``NotFound``, ``SourceFailed``."""
        url = f"{address}/catalog/datasets/{quote(dataset, safe='')}"
        answer = await self._asked("GET", url, partner, address)
        _shaped(answer, documents.RootDataset, url)
        found: dict[str, Any] = read_json(answer.body, url)
        if found.get("@id") != dataset:
            raise errors.SourceFailed("the partner answered with another dataset", where=url)
        return found

    async def _asked(
        self, method: str, url: str, partner: str, address: str, document: Mapping[str, Any] | None = None
    ) -> Answer:
        headers = [("Accept", JSON)]
        said = await self.credentials.authorization(partner, address)
        if said is not None:
            headers.append(("Authorization", said))
        body = b"" if document is None else msgspec.json.encode(document)
        if document is not None:
            headers.append(("Content-Type", JSON))
        answer = await self.calls(
            method, url, headers=headers, body=body, timeout_s=_PATIENCE_S, most_bytes=_MOST_BYTES
        )
        if answer.status == 404:
            raise errors.NotFound("the partner has no such thing for us", where=url)
        return answer


def _shaped(answer: Answer, shape: Any, where: str) -> Any:
    """What was answered, if it has that shape. Raises ``SourceFailed``."""
    if answer.status != 200:
        raise errors.SourceFailed(f"answered {answer.status}", where=where)
    try:
        return read(read_json(answer.body, where), shape)
    except errors.InvalidRequest as problem:
        raise errors.SourceFailed(f"not as the protocol has it: {problem.message}", where=where) from problem


def _next_page(answer: Answer, url: str) -> str | None:
    """The following page: at the same server, or not at all."""
    match = _NEXT.search(answer.headers.get("link", ""))
    if match is None:
        return None
    following = urljoin(url, match[1])
    same = urlsplit(following)[:2] == urlsplit(url)[:2]
    return following if same else None
