"""The routes of notices with their documentation."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.http import JSON
from sympolis.api.notifications.handlers import STATE, Notifications
from sympolis.api.parameters import LIMIT
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, OBJECT, TEXT, TEXTS, TIME, Schema, reference, several, structure
from sympolis.decision.notices.rule import About

_TAG: Final = "Notifications"
SCHEMAS: Final[dict[str, Schema]] = {
    "Notice": structure(
        {
            "id": TEXT,
            "rule": TEXT,
            "title": TEXTS,
            "reading": OBJECT,
            "urgent": BOOLEAN,
            "state": {"type": "string", "enum": ["open", "acknowledged", "over"]},
            "raised_at": TIME,
            "acknowledged_by": TEXT,
        }
    ),
    "NotificationRule": structure(
        {
            "id": TEXT,
            "title": TEXTS,
            "about": {"type": "string", "enum": [str(one) for one in About]},
            "subject": TEXT,
            "urgent": BOOLEAN,
            "to": several(structure({"channel": TEXT, "to": TEXT})),
        }
    ),
}
_RULE: Final = Body(
    reference("NotificationRule"),
    example={
        "title": {"en": "NO2 above the daily limit"},
        "about": "indicator",
        "subject": "no2",
        "above": 50,
        "to": [{"channel": "ntfy", "to": "https://ntfy.example/air"}],
        "quiet": {"start": "22:00:00", "until": "07:00:00"},
        "escalate_after_min": 120,
        "escalate_to": [{"channel": "email", "to": "duty@city.example"}],
    },
)


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where nobody is told of anything."""
    if parts.notices is None:
        return ()
    handlers = Notifications(parts.notices, parts.push_key, parts.governed)
    return (*_notices(handlers), *_rules(handlers))


def _operation(method: str, path: str, handle: Any, name: str, title: str, **more: Any) -> Operation:
    return Operation(method=method, path=path, handle=handle, name=name, title=title, tag=_TAG, **more)


def _gives(schema: Schema) -> dict[int, Answer]:
    return {200: Answer("The answer.", {JSON: schema})}


def _notices(handlers: Notifications) -> tuple[Operation, ...]:
    base = "/api/notifications"
    return (
        _operation(
            "GET", base, handlers.list, "listNotifications", "What people were or are to be told",
            parameters=(STATE, LIMIT), answers=_gives(structure({"notifications": several(reference("Notice"))})),
        ),
        _operation(
            "POST", f"{base}/{{notice}}/acknowledgement", handlers.acknowledge, "acknowledgeNotification",
            "Say that somebody sees to it", path_texts={"notice": "A notice's id."},
            answers=_gives(reference("Notice")),
        ),
        _operation(
            "GET", f"{base}/deliveries", handlers.given_up, "listNotificationDeliveries",
            "What could not be delivered", parameters=(LIMIT,),
            answers=_gives(structure({"deliveries": several(OBJECT)})),
        ),
        _operation(
            "GET", f"{base}/push-key", handlers.push_key, "getPushKey", "What browsers subscribe with",
            answers=_gives(structure({"public_key": TEXT})),
        ),
    )  # fmt: skip


def _rules(handlers: Notifications) -> tuple[Operation, ...]:
    base, one = "/api/notifications/rules", "/api/notifications/rules/{rule}"
    texts = {"rule": "A rule's id."}
    listed = structure({"rules": several(reference("NotificationRule")), "channels": several(TEXT)})
    return (
        _operation("GET", base, handlers.rules, "listNotificationRules", "Who is told of what", answers=_gives(listed)),
        _operation(
            "PUT", one, handlers.keep_rule, "keepNotificationRule", "Make or change a rule", body=_RULE,
            path_texts=texts, answers=_gives(reference("NotificationRule")),
        ),
        _operation(
            "DELETE", one, handlers.drop_rule, "dropNotificationRule", "Remove a rule", path_texts=texts,
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip
