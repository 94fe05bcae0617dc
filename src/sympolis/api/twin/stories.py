"""Stories that the city tells: views of the interface in an order, each with what it shows."""

from __future__ import annotations

from typing import Any

from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import TEXT, TEXTS, several, structure
from sympolis.city.shown import Shown
from sympolis.city.stories import StoryPlan
from sympolis.domain import errors

_TAG = "Stories"
_STEP = structure({"title": TEXTS, "text": TEXTS, "view": TEXT})
_STORY = structure({"id": TEXT, "title": TEXTS, "lead": TEXTS, "steps": several(_STEP)})


class Stories:
    """Handlers of ``/api/stories``."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    async def overview(self, request: Request) -> Reply:  # noqa: ARG002
        """Every story."""
        return json_reply({"stories": [_document(one) for one in self._shown.stories]})

    async def get(self, request: Request) -> Reply:
        """One story. Raises ``NotFound``."""
        asked = request.arguments["story"]
        story = next((one for one in self._shown.stories if one.id == asked), None)
        if story is None:
            raise errors.NotFound("there is no such story", where="story", hint="see /api/stories")
        return json_reply(_document(story))


def _document(story: StoryPlan) -> dict[str, Any]:
    steps = [{"title": step.title, "text": step.text, "view": step.view} for step in story.steps]
    return {"id": story.id, "title": story.title, "lead": story.lead, "steps": steps}


def operations(shown: Shown) -> tuple[Operation, ...]:
    """The routes."""
    handlers = Stories(shown)
    listed = structure({"stories": several(_STORY)})
    return (
        Operation(
            method="GET", path="/api/stories", handle=handlers.overview, name="listStories",
            title="Stories that the city tells", tag=_TAG, answers={200: Answer("The stories.", {JSON: listed})},
        ),
        Operation(
            method="GET", path="/api/stories/{story}", handle=handlers.get, name="getStory", title="One story",
            tag=_TAG, path_texts={"story": "A story's id."}, answers={200: Answer("The story.", {JSON: _STORY})},
        ),
    )  # fmt: skip
