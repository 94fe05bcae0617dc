"""Reads several files of a website as one source: named ones, or all that a page links to.

Many portals publish a file a year or a month beside each other and nothing that lists them but a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from typing import ClassVar, Final
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Page, Pages, Record, Wanted
from sympolis.plugins.connectors.http.settings import HttpSettings
from sympolis.plugins.files import Kept, file_name, note, read_files

_MOST_PAGE: Final = 8_000_000


class HttpConnector:
    """Rows of all files, in the order named, or sorted by address. ``origin.url`` is the folder or the page."""

    id: ClassVar[str] = "http"
    settings_type: ClassVar[type] = HttpSettings

    def pages(self, origin: Origin, settings: HttpSettings) -> Pages:
        """The page with the links, where files are not named; then every file. Raises ``SourceFailed``."""
        base = str(origin.url)
        headers = {"Authorization": f"Bearer {origin.secret(settings.token)}"} if settings.token else {}
        if settings.files:
            found = [urljoin(base, name) for name in settings.files]
        else:
            page = yield Wanted(base, "links.html", headers)
            found = _links(page, base, settings)
        for url in found:
            same = urlsplit(url).netloc == urlsplit(base).netloc
            yield Wanted(url, file_name(url), headers if same else {})
        yield note([Kept(file_name(url), url) for url in found])

    def read(self, origin: Origin, settings: HttpSettings) -> Iterator[Record]:
        """Yield every row with the ``file_name`` it came from. Raises ``SourceFailed``."""
        return read_files(origin, settings.format, settings.format_settings)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See ``HTMLParser``."""
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _links(page: Page, base: str, settings: HttpSettings) -> list[str]:
    """Addresses of files that fit, sorted. Raises ``SourceFailed``."""
    anchors = _Anchors()
    with page.path.open("rb") as stream:
        anchors.feed(stream.read(_MOST_PAGE).decode("utf-8", "replace"))
    found = sorted(
        {urldefrag(urljoin(base, one))[0] for one in anchors.found if _fits(one, settings.pattern)}
    )
    web = [url for url in found if url.startswith(("http://", "https://")) and url != urldefrag(base)[0]]
    if not web:
        hint = f"it has {len(anchors.found)} links; check settings.pattern, or name settings.files"
        raise errors.SourceFailed("the page links to no such file", where=base, hint=hint)
    if len(web) > settings.most_files:
        message = f"the page links to more than {settings.most_files} such files"
        raise errors.SourceFailed(message, where=base, hint="narrow settings.pattern, or raise most_files")
    return web


def _fits(link: str, pattern: str) -> bool:
    last = unquote(urlsplit(link).path).rpartition("/")[2]
    return bool(last) and fnmatchcase(last, pattern)
