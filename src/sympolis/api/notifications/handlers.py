"""Handlers of ``/api/notifications``: notices are for all who read results, addresses for those who manage rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from sympolis.api.asking import may, subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, Parameter
from sympolis.decision.notices.desk import NoticeDesk
from sympolis.decision.notices.record import State
from sympolis.decision.notices.rule import MOST_WAYS, About, Channel, Rule, Way
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import Governed

MANAGE: Final = "notifications.manage"
STATE = Parameter(name="state", text="Only notices that stand there.", choices=tuple(State))
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_MINUTES: Final = re.compile(r"\d\d:\d\d", re.ASCII)
_MOST_TEXT: Final = 4096


class Notifications:
    """See the module."""

    def __init__(
        self, desk: NoticeDesk, push_key: Callable[[], str] | None, governed: Governed | None
    ) -> None:
        self._desk = desk
        self._push_key = push_key
        self._governed = governed

    async def list(self, request: Request) -> Reply:
        """Notices, newest first; who sees to one is for those to know who share the work."""
        only = STATE.raw(request)
        found = self._desk.book.notices(limit=LIMIT.of(request), only=None if only is None else State(only))
        if not may(request, MANAGE, self._governed):
            found = [msgspec.structs.replace(one, acknowledged_by="") for one in found]
        return json_reply({"notifications": msgspec.to_builtins(found)})

    async def acknowledge(self, request: Request) -> Reply:
        """Say that somebody sees to it."""
        notice = self._desk.acknowledge(request.arguments["notice"], subject_of(request).id)
        return json_reply(msgspec.to_builtins(notice))

    async def rules(self, request: Request) -> Reply:  # noqa: ARG002
        """Every rule with its addresses, and the channels that there are."""
        found = msgspec.to_builtins(self._desk.rules())
        return json_reply({"rules": found, "channels": self._desk.channels})

    async def keep_rule(self, request: Request) -> Reply:
        """Make or change a rule."""
        rule = _rule(request.arguments["rule"], await read_object(request))
        self._desk.keep_rule(rule)
        return json_reply(msgspec.to_builtins(rule))

    async def drop_rule(self, request: Request) -> Reply:
        """Remove a rule."""
        self._desk.drop_rule(request.arguments["rule"])
        return Reply(status=204)

    async def given_up(self, request: Request) -> Reply:
        """What could not be delivered, and why."""
        found = self._desk.book.given_up(limit=LIMIT.of(request))
        return json_reply({"deliveries": msgspec.to_builtins(found)})

    async def push_key(self, request: Request) -> Reply:  # noqa: ARG002
        """What a browser subscribes with."""
        if self._push_key is None:
            raise errors.NotImplementedHere(
                "this twin cannot tell browsers", where="push", hint="install sympolis[push]"
            )
        return json_reply({"public_key": self._push_key()})


def _rule(name: str, body: dict[str, Any]) -> Rule:
    if not _ID.fullmatch(name):
        raise errors.BadRequestData(
            "expected small letters, digits and hyphens", where="rule", hint="at most 64 characters"
        )
    if unknown := body.keys() - set(Rule.__struct_fields__) | body.keys() & {"id", "builtin"}:
        raise errors.BadRequestData("is not known here", where=sorted(unknown)[0][:60])
    try:
        rule = msgspec.convert({**_with_seconds(body), "id": name}, Rule)
    except msgspec.ValidationError as wrong:
        raise errors.BadRequestData(str(wrong)[:300], where="rule", hint="see /docs") from wrong
    _check(rule)
    return rule


def _is_address(way: Way) -> bool:
    """Whether messages can go there at all; whether they may is said by the guard, when they do."""
    if way.channel not in (Channel.NTFY, Channel.INBOX):
        return way.to.isprintable()
    try:
        parts = urlsplit(way.to)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and way.to.isprintable()
        )
    except ValueError:
        return False


def _with_seconds(body: dict[str, Any]) -> dict[str, Any]:
    """People write 22:00; RFC 3339 wants 22:00:00."""
    quiet, digest = body.get("quiet"), body.get("digest")
    changes: dict[str, Any] = {}
    if isinstance(quiet, dict):
        changes["quiet"] = {name: _clock(value) for name, value in quiet.items()}
    if digest is not None:
        changes["digest"] = _clock(digest)
    return {**body, **changes}


def _clock(value: Any) -> Any:
    return f"{value}:00" if isinstance(value, str) and _MINUTES.fullmatch(value) else value


def _check(rule: Rule) -> None:
    """What the types do not say."""
    ways = (*rule.to, *rule.escalate_to)
    limits = rule.above is not None or rule.below is not None
    if rule.about in (About.INDICATOR, About.FORECAST) and not limits:
        raise errors.BadRequestData("a figure needs a limit", where="above", hint="give above, below or both")
    if len(ways) > MOST_WAYS or any(len(way.to) > _MOST_TEXT for way in ways):
        raise errors.BadRequestData(
            f"at most {MOST_WAYS} addresses of at most {_MOST_TEXT} characters", where="to"
        )
    if any(not _is_address(way) for way in ways):
        raise errors.BadRequestData(
            "expected an http or https address, or a mailbox, in one line",
            where="to",
            hint="https://ntfy.example/air",
        )
    if any(way.channel is Channel.APPRISE for way in ways):
        raise errors.BadRequestData("only rules of the city package may use Apprise", where="to")
    if not rule.title or len(rule.subject) > _MOST_TEXT or sum(map(len, rule.title.values())) > _MOST_TEXT:
        raise errors.BadRequestData("a rule needs a title, of bounded length", where="title")
    if rule.escalate_after_min is not None and not (
        rule.escalate_to and 1 <= rule.escalate_after_min <= 10_080
    ):
        raise errors.BadRequestData(
            "expected 1 to 10080 minutes, and somebody to tell", where="escalate_after_min"
        )
