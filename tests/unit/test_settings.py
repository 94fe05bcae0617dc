"""Settings: flags over environment over file over defaults, and errors that name the culprit."""

from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command

from sympolis import settings
from sympolis.app.bounds import api_settings
from sympolis.cli import verbs
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
        ({"SYMPOLIS_FORWARD_TIMEOUT_S": "0"}, "forward_timeout_s"),
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


def test_every_setting_has_a_flag_a_variable_and_a_meaning() -> None:
    served = get_command(verbs.app).commands["serve"]  # type: ignore[attr-defined]
    flags = {name for parameter in served.params for name in parameter.opts}
    for one in fields(settings.Settings):
        assert f"--{one.name.replace('_', '-')}" in flags
        assert settings.meanings()[one.name]


def test_flags_reach_the_api(tmp_path: Path) -> None:
    chosen = settings.read({"temporal_page_size": 30}, environment={"SYMPOLIS_MAX_BODY_MB": "2"})
    found = api_settings(chosen)
    assert (found.temporal_page_size, found.max_body_bytes) == (30, 2 * 1024 * 1024)


def test_several_values_come_as_a_list_a_table_or_with_commas(tmp_path: Path) -> None:
    file = tmp_path / "sympolis.toml"
    file.write_text(
        'allow_hosts = ["broker.lan", "10.20.0.0/16"]\n[contexts]\n"https://a.example/c" = "c.json"\n'
    )
    found = settings.read({}, environment={"SYMPOLIS_HOSTS": "a, b"}, file=file)
    assert found.hosts == ("a", "b")
    assert found.allow_hosts == ("broker.lan", "10.20.0.0/16")
    assert found.contexts == ("https://a.example/c=c.json",)


@pytest.mark.parametrize(
    "url",
    [
        "https://broker.city.example",
        "http://10.0.0.7:9090",
        "https://city.example/broker/",
        "http://[::1]:80",
    ],
)
def test_a_public_address_is_taken(url: str) -> None:
    assert settings.read({}, environment={"SYMPOLIS_PUBLIC_URL": url}).public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "broker.city.example",
        "ftp://broker.city.example",
        "https://",
        "https://:8443",
        "https://city.example:port",
        "https://city.example:70000",
        "https://city.example:0",
        "http://[city]",
        "https://user:secret@city.example",
        "https://city.example/?a=b",
        "https://city.example/#top",
        "https://city.example/a b",
        "https://city.example\n",
    ],
)
def test_a_public_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(errors.SettingsInvalid, match="is not the address of a server") as problem:
        settings.Settings(public_url=url)
    assert problem.value.where == "public_url"
    assert problem.value.hint is not None
    assert "https://" in problem.value.hint


def test_a_temporal_answer_is_cut_as_the_conformance_tests_want_it_where_a_broker_is_under_test():
    tested, used = settings.read({"allow_loopback": True}, environment={}), settings.read({}, environment={})
    assert api_settings(tested, alone=True).temporal_page_size == 30
    assert (
        api_settings(tested).temporal_page_size
        == api_settings(used, alone=True).temporal_page_size
        == 100_000
    )
    chosen = settings.read({"allow_loopback": True, "temporal_page_size": 50}, environment={})
    assert api_settings(chosen, alone=True).temporal_page_size == 50
