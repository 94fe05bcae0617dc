"""Reads all files below a prefix of an object store, each in the format of another connector (S3 and its kin).

The listing names a version (ETag) for each object: what the last delivery has of it is not fetched again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import ClassVar
from urllib.parse import quote

from sympolis.domain import errors
from sympolis.plugins.connector import Note, Origin, Page, Pages, Record, Wanted
from sympolis.plugins.connectors.s3.settings import S3Settings
from sympolis.plugins.connectors.s3.signing import Key, signed
from sympolis.plugins.files import Kept, file_name, note, read_files
from sympolis.plugins.pages import below
from sympolis.plugins.xml import file_elements, text

_MOST_LISTING = 64_000_000


class S3Connector:
    """Rows of all files, by key. ``origin.url`` is the bucket: ``https://store.example/bucket`` or its own host."""

    id: ClassVar[str] = "s3"
    settings_type: ClassVar[type] = S3Settings

    def pages(self, origin: Origin, settings: S3Settings) -> Pages:
        """The listing, then every object. Raises ``SourceFailed``."""
        objects = yield from _listed(origin, settings)
        if not objects:
            hint = "check settings.prefix and pattern"
            raise errors.SourceFailed("has no such objects", where=str(origin.url), hint=hint)
        for name, version in objects.items():
            url = below(str(origin.url), quote(name, safe="/-_.~"))
            yield Wanted(url, file_name(name), _headers(url, origin, settings), version)
        yield note([Kept(file_name(name), name) for name in objects])

    def read(self, origin: Origin, settings: S3Settings) -> Iterator[Record]:
        """Yield every row with the ``file_name`` it came from. Raises ``SourceFailed``."""
        return read_files(origin, settings.format, settings.format_settings)


def _listed(origin: Origin, settings: S3Settings) -> Generator[Wanted | Note, Page, dict[str, str]]:
    """Version by key of the objects that fit, sorted by key."""
    found: dict[str, str] = {}
    token: str | None = ""
    pages = 0
    while token is not None:
        pages += 1
        url = _list_url(str(origin.url), settings.prefix, token)
        page = yield Wanted(url, f"listing-{pages:06d}.xml", _headers(url, origin, settings))
        token = _take(page, found, settings, url)
        if len(found) > settings.most_files:
            hint = "narrow settings.prefix or pattern, or raise most_files"
            message = f"has more than {settings.most_files} such objects"
            raise errors.SourceFailed(message, where=url, hint=hint)
    return dict(sorted(found.items()))


def _list_url(bucket: str, prefix: str, token: str) -> str:
    asked = [("list-type", "2"), ("prefix", prefix)]
    if token:
        asked.insert(0, ("continuation-token", token))
    query = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in asked)
    return f"{bucket.rstrip('/')}/?{query}"


def _take(page: Page, found: dict[str, str], settings: S3Settings, url: str) -> str | None:
    """Note the objects of a listing; the token of the next one."""
    names = ("Contents", "NextContinuationToken", "Error", "ListBucketResult")
    following, listing = None, False
    for element in file_elements(page.path, names, most_bytes=_MOST_LISTING):
        listing = element.tag == "ListBucketResult"
        if not listing:
            told = text(element, "Message") or "its answer is no listing"
            raise errors.SourceFailed(
                f"the store says: {told}", where=url, hint="check url, key_id and secret"
            )
        for one in element.findall("Contents"):
            name = text(one, "Key") or ""
            if not name.endswith("/") and fnmatchcase(name, settings.pattern):
                found[name] = text(one, "ETag") or ""
        following = text(element, "NextContinuationToken")
    if not listing:
        raise errors.SourceFailed(
            "its answer is no listing", where=url, hint="is this the address of a bucket?"
        )
    return following


def _headers(url: str, origin: Origin, settings: S3Settings) -> dict[str, str]:
    if not settings.key_id:
        return {}
    key = Key(settings.key_id, origin.secret(settings.secret), settings.region)
    return signed(url, key, datetime.now(UTC))
