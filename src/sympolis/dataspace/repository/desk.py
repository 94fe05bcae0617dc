"""The assets of one twin: published by its own word, counted by what others make of them.

A version never changes: what was published stays what it was, and is withdrawn at most. Zips lie in a folder of their
own, everything else with the other records of dealings with partners.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.records import Records
from sympolis.dataspace.repository import records as kept
from sympolis.dataspace.repository.bill import bill_of_materials
from sympolis.dataspace.repository.draft import Draft
from sympolis.dataspace.repository.kinds import WITH_CODE
from sympolis.dataspace.repository.manifest import (
    VERSION,
    Manifest,
    content_hash,
    digest,
    files_of,
    read_manifest,
    split_id,
)
from sympolis.dataspace.repository.package import (
    MOST_BYTES,
    Package,
    encode_manifest,
    read_package,
    write_package,
)
from sympolis.dataspace.repository.records import Adopter, Installed, Published, Salt
from sympolis.dataspace.repository.signing import sign
from sympolis.domain import errors

MOST_PUBLISHED: Final = 2_000
MOST_INSTALLED: Final = 500
_MOST_ADOPTERS: Final = 20_000
_FIRST: Final = "1.0.0"


@dataclass(frozen=True, slots=True)
class Ours:
    """Who publishes: our keys and our DID."""

    keys: KeyRing
    did: Callable[[], str]


class AssetDesk:
    """See the module."""

    def __init__(
        self,
        records: Records,
        folder: Path,
        ours: Ours,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._folder = folder
        self._ours = ours
        self._now = now
        self._lock = asyncio.Lock()

    # --- publishing

    async def publish(
        self, draft: Draft, *, version: str = "", by: str, note: str = "", mistakes: Sequence[str] = ()
    ) -> Published:
        """Sign a version and keep it; without ``version`` it is the next one.

        Raises ``Conflict`` where nothing has changed since the last one, ``AlreadyExists``, ``BadRequestData``.
        """
        async with self._lock:
            before = self.versions(draft.id)
            manifest = self._manifest(draft, version or _next(before))
            if any(one.manifest.version == manifest.version for one in before):
                hint = "a version never changes: publish the next one"
                raise errors.AlreadyExists(
                    f"{draft.id} {manifest.version} is published already", where="version", hint=hint
                )
            content = content_hash(manifest)
            if before and before[-1].content == content and before[-1].withdrawn_at is None:
                raise errors.Conflict("nothing has changed since the last version", where=draft.id)
            if len(self.published(withdrawn=True)) >= MOST_PUBLISHED:
                raise errors.QuotaExceeded(f"a twin publishes at most {MOST_PUBLISHED} versions")
            return await asyncio.to_thread(self._publish, draft, manifest, content, by, note, tuple(mistakes))

    def _publish(
        self, draft: Draft, manifest: Manifest, content: str, by: str, note: str, mistakes: tuple[str, ...]
    ) -> Published:
        text = encode_manifest(manifest)
        bill = _bill(draft, manifest.version)
        body = write_package(
            text, sign(self._ours.keys, manifest, text), draft.readme, bill, dict(draft.content)
        )
        if len(body) > MOST_BYTES:
            raise errors.PayloadTooLarge(f"a package has at most {MOST_BYTES >> 20} MB", where=draft.id)
        made = Published(
            manifest=manifest,
            file=self.put(body),
            bytes=len(body),
            content=content,
            at=self._now(),
            by=by,
            note=note,
            mistakes=mistakes,
        )
        self._records.keep(kept.PUBLISHED, _key(manifest), made)
        return made

    def _manifest(self, draft: Draft, version: str) -> Manifest:
        """The manifest, read as others will read it: what they would refuse is not published."""
        made = Manifest(
            kind=draft.kind,
            name=draft.name,
            version=version,
            publisher=self._ours.did(),
            title=dict(draft.title),
            description=dict(draft.description),
            licence=draft.licence,
            keywords=draft.keywords,
            requires=draft.requires,
            needs=tuple(dict(one) for one in draft.needs),
            gives=tuple(dict(one) for one in draft.gives),
            terms=dict(draft.terms),
            about=dict(draft.about),
            files=files_of(draft.content),
            readme=digest(draft.readme.encode()),
            bill=digest(bill) if (bill := _bill(draft, version)) else "",
        )
        return read_manifest(encode_manifest(made))

    async def withdraw(self, asset: str, version: str) -> Published:
        """Offer a version no longer; who has it keeps it. Raises ``NotFound``."""
        async with self._lock:
            ended = msgspec.structs.replace(self.version(asset, version), withdrawn_at=self._now())
            self._records.keep(kept.PUBLISHED, _key(ended.manifest), ended)
        return ended

    # --- looking

    def published(self, *, withdrawn: bool = False) -> list[Published]:
        """Every version on offer (``withdrawn``: and those that were), older ones first."""
        found = self._records.all(kept.PUBLISHED, Published)
        listed = [one for one in found if withdrawn or one.withdrawn_at is None]
        return sorted(listed, key=lambda one: (one.manifest.id, _order(one.manifest.version)))

    def newest(self) -> list[Published]:
        """The newest version on offer of every asset."""
        return list({one.manifest.id: one for one in self.published()}.values())

    def versions(self, asset: str) -> list[Published]:
        """Every version of an asset, older ones first; none for one that is not there."""
        split_id(asset)
        return [one for one in self.published(withdrawn=True) if one.manifest.id == asset]

    def version(self, asset: str, version: str = "") -> Published:
        """A version; the newest on offer where none is named. Raises ``NotFound``."""
        found = self.versions(asset)
        chosen = [one for one in found if version == one.manifest.version]
        chosen = chosen or [one for one in found if not version and one.withdrawn_at is None]
        if not chosen:
            raise errors.NotFound(f"there is no {asset[:100]} {version[:40]}".rstrip(), where="asset")
        return chosen[-1]

    def package(self, found: Published | Installed) -> Package:
        """The package of a version that we published or installed. Raises ``StoreUnavailable``."""
        return read_package(self.body(found))

    def body(self, found: Published | Installed) -> bytes:
        """Its zip. Raises ``StoreUnavailable``."""
        try:
            return (self._folder / found.file).read_bytes()
        except OSError as lost:
            raise errors.StoreUnavailable(
                "the package's file is gone", where=found.file, hint="take it from a backup"
            ) from lost

    def put(self, body: bytes) -> str:
        """Keep a zip under its hash; the file's name."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{digest(body)}.zip"
        part = self._folder / f".{name}.{secrets.token_hex(4)}.new"
        part.write_bytes(body)
        part.replace(self._folder / name)
        return name

    # --- adoption

    def adopted(self, asset: str, version: str, by: str) -> int:
        """Somebody took a version: how many have by now. Raises ``NotFound``, ``QuotaExceeded``."""
        found = self.version(asset, version)
        if self.adoptions(asset) >= _MOST_ADOPTERS:
            raise errors.QuotaExceeded("it is counted no further", where=asset)
        who = hmac.new(self._salt(), f"{asset} {by}".encode(), hashlib.sha256).hexdigest()[:32]
        taken = Adopter(asset=asset, version=found.manifest.version, at=self._now())
        self._records.keep(kept.ADOPTER, f"{asset} {who}", taken)
        return self.adoptions(asset)

    def adoptions(self, asset: str) -> int:
        """By how many twins an asset was taken; each counts once."""
        return self.all_adoptions()[asset]

    def all_adoptions(self) -> Counter[str]:
        """The same for every asset."""
        return Counter(one.asset for one in self._records.all(kept.ADOPTER, Adopter))

    def _salt(self) -> bytes:
        found = self._records.find(kept.SALT, "salt", Salt)
        if found is None:
            found = Salt(secrets.token_hex(32))
            self._records.keep(kept.SALT, "salt", found)
        return found.value.encode()

    # --- what was installed

    def installed(self) -> list[Installed]:
        """Every asset of others that is installed here, by id."""
        return self._records.all(kept.INSTALLED, Installed)

    def find_installed(self, installation: str) -> Installed:
        """One of them. Raises ``NotFound``."""
        found = self._records.find(kept.INSTALLED, installation, Installed)
        if found is None:
            raise errors.NotFound("is not installed here", where=installation[:200])
        return found

    def keep_installed(self, one: Installed) -> Installed:
        """Keep that something is installed. Raises ``QuotaExceeded``."""
        others = [each for each in self.installed() if each.id != one.id]
        if len(others) >= MOST_INSTALLED:
            raise errors.QuotaExceeded(f"at most {MOST_INSTALLED} assets are installed", where="installed")
        self._records.keep(kept.INSTALLED, one.id, one)
        return one

    def remove_installed(self, installation: str) -> Installed:
        """It is installed no longer. Raises ``NotFound``."""
        found = self.find_installed(installation)
        self._records.drop(kept.INSTALLED, found.id)
        used = {one.file for one in self.published(withdrawn=True)}
        used |= {one.file for one in self.installed()}
        if found.file not in used:
            (self._folder / found.file).unlink(missing_ok=True)
        return found


def _bill(draft: Draft, version: str) -> bytes:
    return bill_of_materials(draft, version) if draft.kind in WITH_CODE else b""


def _key(manifest: Manifest) -> str:
    return f"{manifest.id}@{manifest.version}"


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _next(before: Sequence[Published]) -> str:
    """The version after the newest: its second number goes up."""
    if not before:
        return _FIRST
    major, minor, _ = max(_order(one.manifest.version) for one in before)
    return f"{major}.{minor + 1}.0"


def check_version(version: str) -> None:
    """Raise ``InvalidRequest`` unless it is a version, or empty."""
    if version and re.fullmatch(VERSION, version) is None:
        raise errors.InvalidRequest("a version has three numbers", where="version", hint="1.2.0")
