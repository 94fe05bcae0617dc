"""The contract that every connector has to keep, as tests: third-party plugins prove themselves with it.

Derive a test class from ``ConnectorContract`` and give it the fixtures ``connector``, ``sound`` (a readable source of
three rows) and ``broken`` (one that cannot be read).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors, reading
from sympolis.plugins.connector import Connector, Origin, Record


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

    def test_a_broken_file_fails_the_source_and_names_it(self, connector: Connector, broken: Origin) -> None:
        with pytest.raises(errors.SourceFailed) as failed:
            self.read(connector, broken)
        assert failed.value.where == str(broken.path)
        assert failed.value.message
