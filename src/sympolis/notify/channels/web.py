"""Channels that are one HTTP POST: ntfy topics and inboxes of Linked Data Notifications; through the guard."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sympolis.decision.notices.record import Notice
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, Forbidden
from sympolis.egress import HttpClient
from sympolis.notify.channels.wording import message

TIMEOUT_S = 10.0
_FOR_NOW = frozenset({408, 425, 429})
"""Answers of the 4xx kind that another attempt may change."""


async def post(client: HttpClient, url: str, *, headers: Sequence[tuple[str, str]], body: bytes) -> None:
    """Raises ``DeliveryFailed`` where another attempt may succeed, ``DeliveryRefused`` where none will."""
    try:
        answer = await client.request("POST", url, headers=headers, body=body, timeout_s=TIMEOUT_S)
    except Forbidden as problem:
        raise DeliveryRefused(problem.message, where=problem.where, hint=problem.hint) from problem
    except (TimeoutError, OSError) as problem:
        raise DeliveryFailed(f"no answer: {problem}") from problem
    if 200 <= answer.status < 300:
        return
    if answer.status >= 500 or answer.status in _FOR_NOW:
        raise DeliveryFailed(f"the receiver answered {answer.status}")
    raise DeliveryRefused(f"the receiver answered {answer.status}")


class Ntfy:
    """A topic of an ntfy server (https://docs.ntfy.sh/publish): phones that follow it ring."""

    def __init__(self, client: HttpClient, *, language: str, address: str) -> None:
        self._client = client
        self._language = language
        self._address = address

    async def send(self, to: str, notices: Sequence[Notice], message_id: str) -> None:
        """See ``Carrier.send``; ``to`` is the topic's address."""
        told = message(notices, language=self._language, address=self._address)
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Title", _header(told.subject)),
            ("Priority", "high" if told.urgent else "default"),
            ("X-Message-Id", message_id),
            *([("Click", told.link)] if told.link else []),
        ]
        await post(self._client, to, headers=headers, body=told.text.encode())


class Inbox:
    """An inbox of Linked Data Notifications (https://www.w3.org/TR/ldn/), told in the words of ActivityStreams 2.0."""

    def __init__(self, client: HttpClient, *, language: str, address: str) -> None:
        self._client = client
        self._language = language
        self._address = address

    async def send(self, to: str, notices: Sequence[Notice], message_id: str) -> None:
        """See ``Carrier.send``; ``to`` is the inbox's address."""
        told = message(notices, language=self._language, address=self._address)
        activity = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"urn:sympolis:{message_id}",
            "type": "Announce",
            "summary": told.subject,
            "object": [
                {
                    "id": f"urn:sympolis:{one.id}",
                    "type": "Note",
                    "nameMap": dict(one.title),
                    "published": one.raised_at.isoformat(),
                }
                for one in notices
            ],
            **({"url": told.link} if told.link else {}),
        }
        body = json.dumps(activity, ensure_ascii=False).encode()
        await post(self._client, to, headers=[("Content-Type", "application/ld+json")], body=body)


def _header(text: str) -> str:
    """A header holds no line breaks and is read as Latin-1; ntfy takes RFC 2047 for what is beyond it."""
    plain = text.replace("\r", " ").replace("\n", " ")
    try:
        plain.encode("latin-1")
    except UnicodeEncodeError:
        from email.header import Header

        return Header(plain, "utf-8", maxlinelen=10_000).encode()
    return plain
