"""Handlers for people who speak: with an account, or with a link that was signed for them; and who asks how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sympolis.api.asking import may, subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.decision.participation import telling
from sympolis.decision.participation.photos import MOST_BYTES
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event
from sympolis.orchestration.participating import drafts

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.decision.participation.voice import Voice
    from sympolis.orchestration.participating.desk import ParticipationDesk

WRITE: Final = "participation.write"
MODERATE: Final = "participation.moderate"
VOICE: Final = b"sympolis-voice"
_LONGEST: Final = 1024
PHOTOS: Final = ("image/jpeg", "image/png", "image/webp")


def voice_of(request: Request, project: str, parts: ApiParts, desk: ParticipationDesk) -> Voice:
    """Who speaks: the link in ``Sympolis-Voice``, else the account. Raises ``Unauthenticated``, ``Forbidden``."""
    token = request.header(VOICE)
    if token is not None:
        if len(token) > _LONGEST:
            raise errors.Unauthenticated(f"longer than {_LONGEST} characters", where="Sympolis-Voice")
        return desk.by_link(desk.project(project).id, token)
    if may(request, WRITE, parts.governed):
        return desk.by_account(desk.project(project).id, subject_of(request).id)
    if not subject_of(request).known:
        raise errors.Unauthenticated(
            "to take part, sign in or use a link that was made for you",
            where="Sympolis-Voice",
            hint="whoever runs the project gives such links out",
        )
    raise errors.Forbidden(f"none of your roles has the right {WRITE}", where="roles")


async def note(request: Request, parts: ApiParts, what: str) -> None:
    """Write it into the audit log where nobody else does: the path, no words and no name."""
    if request.subject is None and parts.governed is not None:
        subject = subject_of(request)
        event = Event(Act.DONE, subject.id, what, request.path, request.id, (), subject.via)
        await parts.governed.audit.keep(event)


class Speaking:
    """See the module."""

    def __init__(self, parts: ApiParts, desk: ParticipationDesk) -> None:
        self._parts = parts
        self._desk = desk

    async def contribute(self, request: Request) -> Reply:
        """Contribute to a project."""
        project = request.arguments["project"]
        voice = self._voice(request, project)
        found = await self._desk.contribute(project, await read_object(request), voice, address=request.peer)
        await note(request, self._parts, "contribute")
        address = f"/api/participation/contributions/{found.id}".encode()
        return json_reply(telling.own(found), status=201, headers=((b"Location", address),))

    async def try_what_if(self, request: Request) -> Reply:
        """Compute something within the bounds, without contributing it."""
        project = request.arguments["project"]
        voice = self._voice(request, project)
        body = await read_object(request)
        drafts.refuse_others(body, frozenset({"levers"}))
        run, levers = await self._desk.try_what_if(project, body.get("levers"), voice, address=request.peer)
        return json_reply({"run": await self._desk.what_ifs.told(run), "levers": levers}, status=202)

    async def tried(self, request: Request) -> Reply:
        """A run that was tried, and what it changes."""
        project, run = self._desk.project(request.arguments["project"]), request.arguments["run"]
        opened = project.what_if
        found = None if opened is None else await self._desk.what_ifs.told(run, service=opened.service)
        if found is None:
            raise errors.NotFound(f"there is no run {run[:60]}", where="run")
        return json_reply(found)

    async def comment(self, request: Request) -> Reply:
        """Comment on a contribution."""
        name = request.arguments["contribution"]
        voice = self._voice(request, self._desk.public(name).project)
        found = self._desk.comment(name, await read_object(request), voice, address=request.peer)
        await note(request, self._parts, "comment")
        return json_reply(telling.own(found), status=201)

    async def rate(self, request: Request) -> Reply:
        """Rate a contribution: ``value`` 1, -1, or 0 to take it back."""
        name = request.arguments["contribution"]
        voice = self._voice(request, self._desk.public(name).project)
        body = await read_object(request)
        drafts.refuse_others(body, frozenset({"value"}))
        self._desk.rate(name, body.get("value"), voice, address=request.peer)
        tally = self._desk.book.tallies(voice.project).get(name)
        return json_reply({"up": tally.up if tally else 0, "down": tally.down if tally else 0})

    async def add_photo(self, request: Request) -> Reply:
        """Add a photo to one's own contribution."""
        name = request.arguments["contribution"]
        voice = self._voice(request, self._desk.utterance(name).project)
        if request.media_type not in PHOTOS:
            raise errors.UnsupportedMediaType(f"expected {' or '.join(PHOTOS)}", where="Content-Type")
        request.max_body_bytes = min(request.max_body_bytes, MOST_BYTES)
        found = await self._desk.add_photo(name, await request.body(), voice, address=request.peer)
        await note(request, self._parts, "add photo")
        return json_reply({"id": found.id, "contribution": name}, status=201)

    async def report(self, request: Request) -> Reply:
        """Say what is wrong with a contribution or comment: ``reason``."""
        name = request.arguments["id"]
        voice = self._voice(request, self._desk.utterance(name).project)
        self._desk.report(name, await self._reason(request), voice, address=request.peer)
        await note(request, self._parts, "report contribution")
        return Reply(status=204)

    async def appeal(self, request: Request) -> Reply:
        """Disagree with what was hidden: ``reason``."""
        name = request.arguments["id"]
        voice = self._voice(request, self._desk.utterance(name).project)
        found = self._desk.appeal(name, await self._reason(request), voice)
        await note(request, self._parts, "appeal")
        return json_reply(telling.own(found))

    async def withdraw(self, request: Request) -> Reply:
        """Take one's own contribution or comment back."""
        name = request.arguments["id"]
        self._desk.withdraw(name, self._voice(request, self._desk.utterance(name).project))
        await note(request, self._parts, "withdraw contribution")
        return Reply(status=204)

    async def mine(self, request: Request) -> Reply:
        """Everything that whoever asks said in a project, with each step of moderation, and how they rated."""
        project = request.arguments["project"]
        voice = self._voice(request, project)
        said = [telling.own(one) for one in self._desk.mine(voice)]
        rated: dict[str, Any] = {
            one.contribution: one.value
            for one in self._desk.book.ratings(project)
            if one.author == voice.author
        }
        return json_reply({"said": said, "rated": rated, "until": voice.until})

    async def erase_mine(self, request: Request) -> Reply:
        """Erase everything that whoever asks said in a project."""
        voice = self._voice(request, request.arguments["project"])
        gone, _ = self._desk.erase(voice)
        await note(request, self._parts, "erase own contributions")
        return json_reply({"erased": gone})

    def _voice(self, request: Request, project: str) -> Voice:
        return voice_of(request, project, self._parts, self._desk)

    async def _reason(self, request: Request) -> str:
        body = await read_object(request)
        drafts.refuse_others(body, frozenset({"reason"}))
        return drafts.text(body, "reason", required=True)
