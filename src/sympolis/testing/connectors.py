"""The contract that every connector has to keep, as tests: third-party plugins prove themselves with it.

Derive a test class from ``ConnectorContract`` and give it the fixtures ``connector``, ``sound`` (a readable source of
three rows) and ``broken`` (one that cannot be read).
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from sympolis.domain import errors, reading
from sympolis.plugins.connector import Connector, Origin, Recognising, Record
from sympolis.plugins.listening import Listening, Message

Harm = Callable[[bytes], bytes]


def zeros(content: bytes) -> bytes:
    """A hole in the middle, as a disk leaves it."""
    middle = len(content) // 2
    return content[:middle] + bytes(min(64, len(content) - middle)) + content[middle + 64 :]


def flipped(content: bytes) -> bytes:
    """Every 37th byte is another."""
    return bytes(byte ^ 0x5A if at % 37 == 36 else byte for at, byte in enumerate(content))


def login_page(content: bytes) -> bytes:  # noqa: ARG001 - as every harm
    """What a portal answers when a session has ended."""
    return b"<!DOCTYPE html><html><body>Please sign in</body></html>"


def latin(content: bytes) -> bytes:
    """A letter in another encoding."""
    return content[:-20] + "\xe0".encode("latin-1") + content[-20:]


HARMS: tuple[Harm, ...] = (zeros, flipped, login_page, latin)


def _harmed(sound: Origin, folder: Path, harm: Harm) -> Origin:
    """A copy of the source in which the largest file is harmed."""
    assert sound.path is not None
    copy = folder / "harmed"
    if not sound.path.is_dir():
        copy = copy.with_suffix(sound.path.suffix)
        copy.write_bytes(harm(sound.path.read_bytes()))
        return replace(sound, path=copy)
    shutil.copytree(sound.path, copy)
    largest = max((one for one in copy.iterdir() if one.is_file()), key=lambda one: one.stat().st_size)
    largest.write_bytes(harm(largest.read_bytes()))
    return replace(sound, path=copy)


class ConnectorContract:
    """Tests against ``connector``; ``settings`` are the values a source file would hold under ``[settings]``."""

    settings: ClassVar[dict[str, Any]] = {}
    rows = 3

    @pytest.fixture
    def connector(self) -> Connector:
        """The connector under test."""
        raise NotImplementedError("derive from ConnectorContract and give it the fixture `connector`")

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        """A readable source of ``rows`` rows."""
        raise NotImplementedError("derive from ConnectorContract and give it the fixture `sound`")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        """A source that is there and cannot be read."""
        raise NotImplementedError("derive from ConnectorContract and give it the fixture `broken`")

    def read(self, connector: Connector, origin: Origin) -> list[Record]:
        """Every record of ``origin``, read with ``settings``."""
        findings: list[reading.Finding] = []
        settings = reading.read(connector.settings_type, self.settings, "settings", findings)
        assert not findings, findings
        return list(connector.read(origin, settings))

    def test_is_a_connector_with_documented_settings(self, connector: Connector) -> None:
        assert isinstance(connector, Connector)
        assert dataclasses.is_dataclass(connector.settings_type)
        assert connector.settings_type.__doc__

    def test_settings_are_frozen(self, connector: Connector) -> None:
        assert connector.settings_type.__dataclass_params__.frozen  # type: ignore[attr-defined]

    def test_an_unknown_setting_is_refused(self, connector: Connector) -> None:
        wrong = {**self.settings, "no_such": 1}
        findings: list[reading.Finding] = []
        assert reading.read(connector.settings_type, wrong, "x.toml: settings", findings) is None
        assert [finding.where for finding in findings] == ["x.toml: settings.no_such"]

    def test_rows_are_numbered_from_one_in_order(self, connector: Connector, sound: Origin) -> None:
        assert [record.number for record in self.read(connector, sound)] == [*range(1, self.rows + 1)]

    def test_reading_twice_gives_the_same(self, connector: Connector, sound: Origin) -> None:
        assert self.read(connector, sound) == self.read(connector, sound)

    def test_stopping_half_way_is_no_error(self, connector: Connector, sound: Origin) -> None:
        records = connector.read(sound, connector.settings_type(**self.settings))
        assert next(iter(records)).number == 1
        getattr(records, "close", lambda: None)()

    def test_a_missing_file_fails_the_source(self, connector: Connector, tmp_path: Path) -> None:
        with pytest.raises(errors.SourceFailed) as failed:
            self.read(connector, Origin(tmp_path / "absent"))
        assert "absent" in failed.value.where

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
    def test_half_a_file_is_read_or_fails_the_source(
        self, connector: Connector, sound: Origin, tmp_path: Path, share: float
    ) -> None:
        self._read_or_fail(
            connector, _harmed(sound, tmp_path, lambda content: content[: int(len(content) * share)])
        )

    @pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
    def test_harmed_bytes_are_read_or_fail_the_source(
        self, connector: Connector, sound: Origin, tmp_path: Path, harm: Harm
    ) -> None:
        self._read_or_fail(connector, _harmed(sound, tmp_path, harm))

    def _read_or_fail(self, connector: Connector, origin: Origin) -> None:
        """Whatever is in a file, the reader of it ends with rows or with ``SourceFailed``."""
        try:
            for record in self.read(connector, origin):
                assert isinstance(record, Record)
        except errors.SourceFailed as failed:
            assert failed.message and failed.where

    def test_a_broken_file_fails_the_source_and_names_it(self, connector: Connector, broken: Origin) -> None:
        with pytest.raises(errors.SourceFailed) as failed:
            self.read(connector, broken)
        assert failed.value.where == str(broken.path)
        assert failed.value.message


class ListeningContract(ConnectorContract):
    """The same for a connector that also listens (``plugins.listening``)."""

    @pytest.mark.parametrize(
        "payload", [b"", b"\xff\x00", b"{", b"{}", b"[]", b"[1, null]", b"7", b'"text"', b"null"]
    )
    def test_whatever_is_heard_is_rows(self, connector: Connector, payload: bytes) -> None:
        assert isinstance(connector, Listening)
        settings = connector.settings_type(**self.settings)
        message = Message("a/b/c", payload, datetime(2026, 1, 1, tzinfo=UTC))
        assert all(isinstance(record, Record) for record in connector.heard(message, settings))


class PagedContract(ConnectorContract):
    """The same for a connector of JSON pages: ``page`` is a page of ``rows`` rows, as a value or as bytes."""

    page: ClassVar[Any]

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        """A delivery of that page."""
        folder = tmp_path / "sound"
        folder.mkdir()
        content = self.page if isinstance(self.page, bytes) else msgspec.json.encode(self.page)
        (folder / "page-1.json").write_bytes(content)
        return Origin(folder)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        """A page that is cut off."""
        path = tmp_path / "broken.json"
        path.write_text('{"half": ')
        return Origin(path)


class RecognisingContract(ConnectorContract):
    """The same for a connector that can tell a sample of its own."""

    def test_it_knows_its_own_and_nothing_else(
        self, connector: Connector, sound: Origin, tmp_path: Path
    ) -> None:
        assert isinstance(connector, Recognising) and sound.path is not None
        found = connector.recognise(sound.path)
        assert found.confidence > 0.8 and found.reason
        findings: list[reading.Finding] = []
        assert (
            reading.read(connector.settings_type, dict(found.settings), "settings", findings) is not None
        ), findings
        for harm in (login_page, lambda _: b"id;name\n1;Via A\n", lambda _: b"", lambda _: b'{"a": [1]}'):
            (tmp_path / "other").write_bytes(harm(b""))
            assert connector.recognise(tmp_path / "other").confidence == 0.0
        assert connector.recognise(tmp_path / "absent").confidence == 0.0

    @pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
    def test_looking_at_a_harmed_file_never_raises(
        self, connector: Connector, sound: Origin, tmp_path: Path, harm: Harm
    ) -> None:
        assert isinstance(connector, Recognising)
        path = _harmed(sound, tmp_path, harm).path
        assert path is not None and 0.0 <= connector.recognise(path).confidence <= 1.0


def published(folder: Path, content: str, *, encoding: str = "utf-8") -> Origin:
    """An XML publication as it lies in a delivery. Publications begin with a declaration of UTF-8, if any."""
    path = folder / "publication.xml"
    path.write_bytes(content.replace('encoding="UTF-8"', f'encoding="{encoding}"', 1).encode(encoding))
    return Origin(path)


_GROWING = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">',
)
"""Document types that grow, read files and call strangers."""


class PublicationContract(RecognisingContract):
    """The same for a connector of XML publications: ``publication`` is one of ``rows`` rows of ``standard``."""

    publication: ClassVar[str]
    standard: ClassVar[str]

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        """That publication."""
        return published(tmp_path, self.publication)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        """It ends too early."""
        return published(tmp_path, self.publication[:-30])

    @pytest.mark.parametrize("content", ["<html/>", "<html><body>Login</body></html>", "<x xmlns='urn:y'/>"])
    def test_another_document_is_told(self, connector: Connector, tmp_path: Path, content: str) -> None:
        with pytest.raises(errors.SourceFailed, match=f"no {self.standard}"):
            self.read(connector, published(tmp_path, content))

    @pytest.mark.parametrize("kind", _GROWING)
    def test_a_document_type_is_refused(self, connector: Connector, tmp_path: Path, kind: str) -> None:
        content = self.publication.replace("?>", f"?>{kind}", 1)
        with pytest.raises(errors.SourceFailed, match="document type"):
            self.read(connector, published(tmp_path, content))

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
    def test_its_encoding_does_not_matter(
        self, connector: Connector, sound: Origin, tmp_path: Path, encoding: str
    ) -> None:
        wanted = [record.fields for record in self.read(connector, sound)]
        declared = self.publication.replace("UTF-8", "utf-8") if encoding == "utf-8-sig" else self.publication
        found = self.read(connector, published(tmp_path, declared, encoding=encoding))
        assert [record.fields for record in found] == wanted
