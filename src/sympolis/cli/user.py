"""`sympolis user`: people and machines, their roles and their keys; also beside a running server."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from sympolis import settings
from sympolis.app import people
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, notes, reports_errors, screen, show
from sympolis.governance.identity.records import ApiKey, User

app = typer.Typer(help="People and machines: who may do what.", no_args_is_help=True)
keys = typer.Typer(help="Keys of machines.", no_args_is_help=True)
app.add_typer(keys, name="key")

Broker = Annotated[bool, typer.Option("--broker", help="The people of a broker without a city.")]
Who = Annotated[str, typer.Argument(metavar="USER", help="A user's id, e.g. an e-mail address.")]
Roles = Annotated[
    list[str] | None, typer.Option("--role", metavar="ROLE", help="A role; may be given several times.")
]


def place_of(city: Any, data: Any, broker: bool) -> people.Place:
    """The folder that the options name: a city's, or a broker's without a city."""
    chosen = settings.read({"city": city, "data": data})
    return people.place_of(chosen, city_named=city is not None, broker=broker)


@app.command("add")
@reports_errors
def add(
    user: Who,
    roles: Roles = None,
    name: Annotated[str, typer.Option("--name", help="The person's name, for others to read.")] = "",
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password (or read a line of standard input).")
    ] = False,
    broker: Broker = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Add a person or a machine, with roles."""
    place, secret = place_of(city, data, broker), _secret() if password else ""
    found = people.administer(
        place,
        "user add",
        user,
        lambda accounts: accounts.add(user, name=name, roles=roles or (), password=secret),
    )
    show(_user(found), form, lambda _: screen.print(f"{user} added"))


@app.command("list")
@reports_errors
def list_users(
    broker: Broker = False, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """List people and machines with their roles."""
    place = place_of(city, data, broker)
    found = people.look_up(place, lambda accounts: [_user(one) for one in accounts.directory.users()])
    show(found, form, _draw_users)


@app.command("disable")
@reports_errors
def disable(
    user: Who,
    again: Annotated[bool, typer.Option("--enable", help="Let them in again.")] = False,
    broker: Broker = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Let nobody in as this user any more: passwords, keys and sessions."""
    place, what = place_of(city, data, broker), "user enable" if again else "user disable"
    found = people.administer(
        place, what, user, lambda accounts: accounts.set_disabled(user, disabled=not again)
    )
    show(_user(found), form, lambda _: screen.print(f"{user} {'enabled' if again else 'disabled'}"))


@app.command("roles")
@reports_errors
def set_roles(
    user: Who,
    roles: Annotated[
        list[str] | None, typer.Argument(metavar="ROLE…", help="The roles from now on; none takes all away.")
    ] = None,
    broker: Broker = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Give a user these roles instead of the present ones."""
    place, wanted = place_of(city, data, broker), roles or []
    found = people.administer(place, "user roles", user, lambda accounts: accounts.set_roles(user, wanted))
    show(_user(found), form, lambda _: screen.print(f"{user}: {', '.join(found.roles) or 'no role'}"))


@app.command("password")
@reports_errors
def set_password(
    user: Who, broker: Broker = False, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Set a password: asked for, or read from a line of standard input. Sessions end."""
    place, secret = place_of(city, data, broker), _secret()
    found = people.administer(
        place, "user password", user, lambda accounts: accounts.set_password(user, secret)
    )
    show(_user(found), form, lambda _: screen.print(f"the password of {user} is set"))


@keys.command("add")
@reports_errors
def add_key(
    user: Who,
    roles: Roles = None,
    purposes: Annotated[
        list[str] | None,
        typer.Option("--purpose", metavar="IRI", help="What its holder needs data for; policies may ask."),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="Days until it expires.")] = 365,
    title: Annotated[str, typer.Option("--title", help="What it is for, for others to read.")] = "",
    broker: Broker = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Issue a key; it is shown this once."""
    place = place_of(city, data, broker)
    key, text = people.administer(
        place,
        "key add",
        user,
        lambda accounts: accounts.add_key(
            user, title=title, roles=roles or (), purposes=purposes or (), days=days
        ),
    )
    show({**_key(key), "key": text}, form, lambda _: _say_key(key, text))


@keys.command("list")
@reports_errors
def list_keys(
    broker: Broker = False, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """List keys: whose, for which roles, until when. Nobody can see a key again."""
    place = place_of(city, data, broker)
    found = people.look_up(place, lambda accounts: list(map(_key, accounts.directory.keys())))
    show(found, form, _draw_keys)


@keys.command("revoke")
@reports_errors
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key's id, as `key list` shows it.")],
    broker: Broker = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Let nobody in with this key any more."""
    place = place_of(city, data, broker)
    found = people.administer(place, "key revoke", key, lambda accounts: accounts.revoke_key(key))
    show(_key(found), form, lambda _: screen.print(f"{key} revoked"))


def _secret() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _say_key(key: ApiKey, text: str) -> None:
    screen.print(text, soft_wrap=True, highlight=False)
    notes.print(f"Keep it now: it is not shown again. It expires on {key.expires_at.date()}.")


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "roles": list(user.roles),
        "disabled": user.disabled,
        "has_password": bool(user.password),
        "created_at": user.created_at.isoformat(),
    }


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "user": key.user,
        "title": key.title,
        "roles": list(key.roles),
        "purposes": list(key.purposes),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
    }


def _draw_users(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["id"], one["name"], ", ".join(one["roles"]), one["disabled"], one["has_password"]]
        for one in found
    ]
    draw(["user", "name", "roles", "disabled", "password"], rows)


def _draw_keys(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["id"],
            one["user"],
            one["title"],
            ", ".join(one["roles"]) or "all of the user's",
            one["expires_at"][:10],
            (one["revoked_at"] or "")[:10] or None,
        ]
        for one in found
    ]
    draw(["key", "user", "title", "roles", "expires", "revoked"], rows)
