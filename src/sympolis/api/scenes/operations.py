"""The routes of shared scenes with their documentation; the socket itself is ``socket``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sympolis.api.asking import may, subject_of
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import NUMBER, TEXT, TIME, Schema, reference, structure
from sympolis.decision.scenes.hub import MOST_PARTICIPANTS, Hub, Scene
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts

BASE: Final = "/api/scenes"
_TAG: Final = "Shared scenes"
_PATH: Final = {"code": "The code that whoever opened the scene gives round."}
_SCENE: Final = "SharedScene"
SCHEMAS: Final[dict[str, Schema]] = {
    _SCENE: structure(
        {"code": TEXT, "socket": TEXT, "ends_at": TIME, "participants": NUMBER, "most": NUMBER},
        required=("code", "socket", "ends_at", "participants"),
    )
}
_TEXT: Final = (
    "All look at the same: connect to `socket` by WebSocket and say `{type: 'hello', name}`. Whoever leads sends "
    "`{type: 'look', camera, scenario, hour}`, everybody `{type: 'point', at}`; `{type: 'lead'}` takes the lead. "
    "A scene carries no data of the city: what is seen is asked for with each one's own rights. Nothing is kept."
)


class ScenePages:
    """Handlers of ``/api/scenes``."""

    def __init__(self, parts: ApiParts, hub: Hub) -> None:
        self._parts = parts
        self._hub = hub

    async def open(self, request: Request) -> Reply:
        """Open a scene."""
        scene = self._hub.open(subject_of(request).id)
        location = f"{BASE}/{scene.code}".encode()
        return json_reply(_document(scene), status=201, headers=((b"location", location),))

    async def get(self, request: Request) -> Reply:
        """Whether it goes on, and how many are there."""
        return json_reply(_document(self._hub.get(request.arguments["code"])))

    async def end(self, request: Request) -> Reply:
        """End it for all."""
        scene = self._hub.get(request.arguments["code"])
        governed = self._parts.governed if self._parts.access is not None else None
        if scene.owner != subject_of(request).id and not may(request, "users.manage", governed):
            raise errors.Forbidden("somebody else opened this scene", where="code", hint="leave it instead")
        self._hub.end(scene)
        return Reply(status=204)


def _document(scene: Scene) -> dict[str, Any]:
    return {
        "code": scene.code,
        "socket": f"{BASE}/{scene.code}/socket",
        "ends_at": scene.ends_at.isoformat(),
        "participants": len(scene.participants),
        "most": MOST_PARTICIPANTS,
    }


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where no scene can be shared."""
    if parts.scenes is None:
        return ()
    pages, one = ScenePages(parts, parts.scenes), f"{BASE}/{{code}}"
    gives = {JSON: reference(_SCENE)}
    return (
        Operation(
            method="POST", path=BASE, handle=pages.open, name="openScene", title="Share the scene with others",
            tag=_TAG, text=_TEXT, answers={201: Answer("The scene and the code to it.", gives)},
        ),
        Operation(
            method="GET", path=one, handle=pages.get, name="getScene", title="A shared scene", tag=_TAG,
            path_texts=_PATH, answers={200: Answer("It goes on.", gives)},
        ),
        Operation(
            method="DELETE", path=one, handle=pages.end, name="endScene", title="End a shared scene", tag=_TAG,
            path_texts=_PATH, answers={204: Answer("Everybody was sent home.")},
        ),
    )  # fmt: skip
