"""What an asset says of itself: the ``asset.json`` of its package, the one document that its twin signs.

It names every file by its hash, so that the signature covers the whole package; what it says is read with bounds, since
it comes from strangers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec

from sympolis.dataspace.repository.kinds import Kind
from sympolis.domain import errors

Text = Annotated[str, msgspec.Meta(max_length=4000)]
Word = Annotated[str, msgspec.Meta(max_length=300)]
Texts = Annotated[dict[Annotated[str, msgspec.Meta(max_length=10)], Text], msgspec.Meta(max_length=30)]

NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,78}[A-Za-z0-9])?"
VERSION: Final = r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}"
PLACE: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_ID: Final = re.compile(rf"({'|'.join(Kind)})\.({NAME})", re.ASCII)
MOST_FILES: Final = 200
MOST_MANIFEST: Final = 512 * 1024


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the package: its place below ``content/``, its size [bytes] and its SHA-256."""

    place: Annotated[str, msgspec.Meta(pattern=rf"^(?:{PLACE}/){{0,3}}{PLACE}\Z", max_length=200)]
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Required(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that must be there already: a plugin, an extra, another asset, a version of the platform."""

    what: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{0,39}\Z")]
    name: Word
    version: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See the module. ``needs`` are entities (``discovery.needing``), ``gives`` what comes out, in plain words."""

    kind: Kind
    name: Annotated[str, msgspec.Meta(pattern=rf"^{NAME}\Z")]
    version: Annotated[str, msgspec.Meta(pattern=rf"^{VERSION}\Z")]
    publisher: Annotated[str, msgspec.Meta(pattern=r"^did:web:", max_length=512)]
    title: Texts
    description: Texts = {}
    licence: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    keywords: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()
    requires: Annotated[tuple[Required, ...], msgspec.Meta(max_length=50)] = ()
    needs: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(max_length=60)] = ()
    gives: Annotated[tuple[Texts, ...], msgspec.Meta(max_length=100)] = ()
    terms: Annotated[dict[Word, Word], msgspec.Meta(max_length=500)] = {}
    """Short terms that its declarations use, and their IRIs."""
    about: dict[str, Any] = {}
    """What else is said: of a model how well it does, of a dataset where it is."""
    files: Annotated[tuple[File, ...], msgspec.Meta(min_length=1, max_length=MOST_FILES)]
    readme: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """SHA-256 of ``README.md``."""
    bill: Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{64})?\Z")] = ""
    """SHA-256 of ``sbom.cdx.json``; '' where there is none."""

    @property
    def id(self) -> str:
        """``service.heat-waves``: unique among the assets of its publisher."""
        return f"{self.kind}.{self.name}"


def split_id(asset: str) -> tuple[Kind, str]:
    """Kind and name of an asset's id. Raises ``NotFound`` for what is no id."""
    found = _ID.fullmatch(asset)
    if found is None:
        raise errors.NotFound("there is no such asset", where="asset", hint="<kind>.<name>")
    return Kind(found[1]), found[2]


def digest(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(content: bytes) -> Manifest:
    """The manifest. Raises ``BadRequestData`` with the member that is wrong."""
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise errors.BadRequestData(str(cause)[:300], where="asset.json") from cause


def files_of(content: Mapping[str, bytes]) -> tuple[File, ...]:
    """The files of a package as its manifest names them, in order."""
    return tuple(
        File(place=place, bytes=len(body), sha256=digest(body)) for place, body in sorted(content.items())
    )


def content_hash(manifest: Manifest) -> str:
    """What tells one version from another: the same for the same files, whoever published them and when."""
    listed: Sequence[str] = [f"{one.place} {one.sha256}" for one in manifest.files]
    return digest("\n".join(listed).encode())
