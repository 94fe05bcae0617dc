"""People, keys, passwords and the table of roles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sympolis.context.allowance import Allowance
from sympolis.domain import errors
from sympolis.governance.identity.accounts import Accounts
from sympolis.governance.identity.attempts import Attempts
from sympolis.governance.policy.release import read_release
from sympolis.governance.roles.table import altered, default_table
from sympolis.settings import Settings
from sympolis.stores.embedded.identity import EmbeddedDirectory

BOLOGNA = {"data-owner", "data-steward", "technical-steward", "analyst"}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(clock: Clock) -> Iterator[Accounts]:
    directory = EmbeddedDirectory.in_memory()
    yield Accounts(directory, default_table(), clock=clock)
    directory.close()


def test_a_key_ends_on_its_day(accounts: Accounts, clock: Clock) -> None:
    accounts.add("robot", roles=["analyst"])
    key, text = accounts.add_key("robot", days=2, purposes=["urn:p"])
    found = accounts.by_key(text)
    assert (found.id, found.roles, found.purposes, found.via) == ("robot", {"analyst"}, ("urn:p",), key.id)
    clock.now += timedelta(days=2)
    with pytest.raises(errors.Unauthenticated):
        accounts.by_key(text)


def test_nothing_secret_is_kept(accounts: Accounts) -> None:
    accounts.add("anna", password="correct horse")
    _, text = accounts.add_key("anna")
    kept = str([*accounts.directory.users(), *accounts.directory.keys()])
    assert "correct horse" not in kept and text.split("_", 2)[2] not in kept
    assert accounts.get("anna").password.startswith("$argon2id$")


@pytest.mark.parametrize("part", [slice(0, -1), slice(4, None), slice(0, 20)])
def test_a_part_of_a_key_is_no_key(accounts: Accounts, part: slice) -> None:
    accounts.add("robot")
    _, text = accounts.add_key("robot")
    with pytest.raises(errors.Unauthenticated):
        accounts.by_key(text[part])


def test_a_key_has_no_role_that_its_user_lacks(accounts: Accounts) -> None:
    accounts.add("robot", roles=["analyst"])
    with pytest.raises(errors.InvalidRequest, match="administrator"):
        accounts.add_key("robot", roles=["administrator"])
    for days in (0, 100_000):
        with pytest.raises(errors.InvalidRequest):
            accounts.add_key("robot", days=days)


@pytest.mark.parametrize("user", ["", "a b", "../x", "ü", "x" * 200, "-x"])
def test_ids_that_are_none(accounts: Accounts, user: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        accounts.add(user)


def test_passwords(accounts: Accounts) -> None:
    accounts.add("anna", password="correct horse")
    assert accounts.by_password("anna", "correct horse").id == "anna"
    accounts.add("robot")
    for name, password in (
        ("anna", "wrong"),
        ("anna", ""),
        ("robot", ""),
        ("nobody", "x"),
        ("anna", "x" * 5000),
    ):
        with pytest.raises(errors.Unauthenticated):
            accounts.by_password(name, password)
    for weak in ("short", "x" * 2000):
        with pytest.raises(errors.InvalidRequest):
            accounts.set_password("anna", weak)
    accounts.set_disabled("anna", disabled=True)
    with pytest.raises(errors.Unauthenticated):
        accounts.by_password("anna", "correct horse")


def test_another_process_sees_what_is_changed(accounts: Accounts) -> None:
    before = accounts.directory.version()
    accounts.add("anna")
    assert accounts.directory.version() != before
    with pytest.raises(errors.AlreadyExists):
        accounts.add("anna")


def test_attempts_are_forgotten_after_a_while() -> None:
    now = [0.0]
    attempts = Attempts(monotonic=lambda: now[0])
    for _ in range(10):
        attempts.check("a", "b")
        attempts.failed("a", "b")
    for names in (("a",), ("c", "b")):
        with pytest.raises(errors.TooManyAttempts):
            attempts.check(*names)
    attempts.check("c")
    now[0] = 301.0
    attempts.check("a", "b")


# --- roles


def test_the_roles_of_the_city_s_data_governance_are_there() -> None:
    table = default_table()
    assert BOLOGNA | {"planner", "citizen", "partner", "administrator", "anyone"} == table.roles.keys()
    assert all({"it", "de", "en"} <= one.title.keys() for one in table.roles.values())
    assert table.granted([]) == table.roles["anyone"].rights
    assert table.granted(["administrator"]) == table.rights.keys()
    assert "policies.write" not in table.granted(BOLOGNA - {"data-owner"})
    assert table.granted(["unheard-of"]) == table.granted([])


def test_a_city_alters_the_table() -> None:
    table = altered(default_table(), {"roles": {"analyst": {"rights": ["results.read"]}}}, where="x")
    assert table.roles["analyst"].rights == {"results.read"}
    assert table.roles["planner"] == default_table().roles["planner"]


@pytest.mark.parametrize(
    "document",
    [
        {"roles": {"x": {"rights": ["fly"]}}},
        {"roles": {"x": {}}},
        {"roles": {"x": 1}},
        {"rights": {}},
        {"roles": {"x": {"rights": [], "quota": 3}}},
        {"roles": {"x": {"rights": [], "quota": {"runs": -1}}}},
        {"roles": {"x": {"rights": [], "quota": {"runs": 1.5}}}},
        {"roles": {"x": {"rights": [], "quota": {"runs": True}}}},
        {"roles": {"x": {"rights": [], "quota": {"walks": 1}}}},
    ],
)
def test_mistakes_in_a_table_are_named(document: dict[str, object]) -> None:
    with pytest.raises(errors.CityPackageInvalid) as found:
        altered(default_table(), document, where="policies/roles.toml")
    assert found.value.where.startswith("policies/roles.toml")


def test_a_quota_bounds_the_right_to_run_and_the_most_generous_counts() -> None:
    document = {
        "roles": {
            "citizen": {
                "rights": ["scenarios.run"],
                "quota": {"runs": 1, "cpu_s_per_day": 60, "priority": 2},
            },
            "partner": {"rights": ["results.read"], "quota": {"runs": 50}},
        }
    }
    table = altered(default_table(), document, where="roles.toml")
    assert table.allowance("anna", ["citizen", "partner"]) == Allowance("anna", 1, 60, 2), (
        "a partner runs nothing"
    )
    assert table.allowance("anna", ["citizen", "planner"]) == Allowance("anna", 8, 86400, 0)
    assert table.allowance("operator", ["planner", "administrator"]) == Allowance("operator")
    assert table.allowance("", []).runs == 0


def test_release_is_by_licence_but_for_exceptions() -> None:
    public = {"licences": ["CC0-1.0"], "datasets": ["b"], "except": ["c"]}
    release = read_release({"public": public}, where="release.toml")
    said = {
        name: release.covers(name, licence)
        for name, licence in (("a", "CC0-1.0"), ("b", "X"), ("c", "CC0-1.0"))
    }
    assert said == {"a": True, "b": True, "c": False}
    for wrong in ({"public": {"licence": []}}, {"public": {"types": "x"}}, {"private": {}}):
        with pytest.raises(errors.CityPackageInvalid):
            read_release(wrong, where="release.toml")


def test_a_mode_that_is_not_known() -> None:
    with pytest.raises(errors.SettingsInvalid, match="not known"):
        Settings(identity="maybe")
