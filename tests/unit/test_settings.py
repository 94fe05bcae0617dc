"""Settings: flags over environment over file over defaults, and errors that name the culprit."""

from pathlib import Path

import pytest

from sympolis import settings
from sympolis.domain import errors


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    file = tmp_path / "sympolis.toml"
    file.write_text('port = 1111\nhost = "10.0.0.1"\ncity = "leipzig"\n')
    found = settings.read(
        {"port": 3333, "city": None}, environment={"SYMPOLIS_PORT": "2222", "SYMPOLIS_HOST": "::1"}, file=file
    )
    assert (found.port, found.host, found.city) == (3333, "::1", "leipzig")


def test_defaults_bind_loopback_and_call_nobody() -> None:
    found = settings.read({}, environment={})
    assert found.host == "127.0.0.1"
    assert found.allow_loopback is False


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"SYMPOLIS_PROT": "1"}, "SYMPOLIS_PROT"),
        ({"SYMPOLIS_PORT": "eighty"}, "port"),
        ({"SYMPOLIS_PORT": "70000"}, "port"),
        ({"SYMPOLIS_STORE": "oracle"}, "store"),
        ({"SYMPOLIS_ALLOW_LOOPBACK": "maybe"}, "allow_loopback"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], where: str) -> None:
    with pytest.raises(errors.SettingsInvalid) as problem:
        settings.read({}, environment=environment)
    assert problem.value.where == where
    assert problem.value.message


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sympolis.toml"
    file.write_text("port: 8400")
    with pytest.raises(errors.SettingsInvalid, match="not TOML"):
        settings.read({}, environment={}, file=file)


def test_a_file_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(errors.SettingsInvalid, match="no such file"):
        settings.read({}, environment={}, file=tmp_path / "absent.toml")


def test_variables_of_builds_and_tests_are_no_settings() -> None:
    assert settings.read({}, environment={"SYMPOLIS_CHROMIUM": "/usr/bin/chromium"}) == settings.Settings()
