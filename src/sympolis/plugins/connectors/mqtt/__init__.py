"""Hears the JSON messages of an MQTT broker, which is how most sensors of a city speak.

A message is one row, or several; beside its members stand ``topic``, ``received_at`` and what the topic's levels were
named. Recorded messages are read from a file of lines ``{"topic": …, "payload": …, "received_at": …}``: the sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.mqtt.settings import FIELD, MqttSettings
from sympolis.plugins.listening import Message, Topics
from sympolis.plugins.pages import json_lines

_MOST_SHOWN = 500
_MOST_LOOKED_AT = 1000


class MqttConnector:
    """Rows of messages. ``origin.url`` is ``mqtt[s]://host[:port]``."""

    id: ClassVar[str] = "mqtt"
    settings_type: ClassVar[type] = MqttSettings

    def listens(self, origin: Origin, settings: MqttSettings) -> Topics:
        """See ``Listening``."""
        return Topics(
            topics=tuple(FIELD.sub("+", topic) for topic in settings.topics),
            qos=settings.qos,
            user=settings.user,
            password=origin.secret(settings.password) if settings.password else "",
            version=settings.version,
        )

    def heard(self, message: Message, settings: MqttSettings) -> Iterator[Record]:
        """See ``Listening``."""
        beside = {
            "topic": message.topic,
            "received_at": message.at.isoformat(),
            **_levels(message.topic, settings.topics),
        }
        try:
            document = msgspec.json.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as cause:
            shown = message.payload[:_MOST_SHOWN].decode("utf-8", "replace")
            yield Record(1, {**beside, "payload": shown}, faults=(f"is not JSON: {cause}",))
            return
        yield from _rows(document, settings, beside)

    def read(self, origin: Origin, settings: MqttSettings) -> Iterator[Record]:
        """Yield the rows of recorded messages. Raises ``SourceFailed`` naming the line."""
        if origin.path is None:
            raise errors.SourceFailed("messages are heard, not read", where=str(origin.url))
        number = 0
        for line, document in json_lines(origin.path):
            message = _recorded(document)
            if message is None:
                hint = 'write {"topic": "…", "payload": …, "received_at": "2026-03-01T00:00:00Z"}'
                raise errors.SourceFailed(
                    f"line {line} is no recorded message", where=str(origin.path), hint=hint
                )
            for record in self.heard(message, settings):
                number += 1
                yield replace(record, number=number)

    def recognise(self, sample: Path) -> Recognised:
        """Lines of recorded messages; the topics are theirs, the last level named where it differs."""
        topics: set[str] = set()
        try:
            for number, document in json_lines(sample):
                message = _recorded(document)
                if message is None or "payload" not in document:
                    return Recognised(0.0)
                topics.add(message.topic)
                if number >= _MOST_LOOKED_AT:
                    break
        except errors.SourceFailed:
            return Recognised(0.0)
        if not topics:
            return Recognised(0.0)
        return Recognised(1.0, {"topics": _patterns(topics)}, "each line is a message with its topic")


def _patterns(topics: set[str]) -> tuple[str, ...]:
    """One topic as it is; several of one branch with their last level as the field ``name``."""
    branches = {topic.rpartition("/")[0] for topic in topics}
    if len(topics) == 1 or "" in branches:
        return tuple(sorted(topics))
    return tuple(sorted(f"{branch}/{{name}}" for branch in branches))


def _recorded(document: Any) -> Message | None:
    if not isinstance(document, Mapping) or not isinstance(document.get("topic"), str):
        return None
    try:
        at = datetime.fromisoformat(str(document.get("received_at", "1970-01-01T00:00:00Z")))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Message(document["topic"], msgspec.json.encode(document.get("payload")), at)


def _levels(topic: str, patterns: tuple[str, ...]) -> dict[str, str]:
    """The named levels, by the first pattern that fits."""
    found = topic.split("/")
    for pattern in patterns:
        levels = pattern.split("/")
        if levels[-1] == "#":
            levels, cut = levels[:-1], found[: len(levels) - 1]
        else:
            cut = found
        if len(levels) == len(cut) and all(_fits(*pair) for pair in zip(levels, cut, strict=True)):
            return {
                match[1]: text
                for level, text in zip(levels, cut, strict=True)
                if (match := FIELD.fullmatch(level))
            }
    return {}


def _fits(level: str, text: str) -> bool:
    return level in ("+", text) or FIELD.fullmatch(level) is not None


def _rows(document: Any, settings: MqttSettings, beside: Mapping[str, Any]) -> Iterator[Record]:
    for step in settings.rows.split(".") if settings.rows else ():
        document = document.get(step) if isinstance(document, Mapping) else None
    if settings.rows and document is None:
        yield Record(1, beside, faults=(f"has no {settings.rows}",))
        return
    for number, row in enumerate(document if isinstance(document, list) else [document], start=1):
        if isinstance(row, Mapping):
            yield Record(number, {**row, **beside})
        else:
            yield Record(number, {**beside, "value": row})
