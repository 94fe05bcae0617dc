"""What a source file may say under ``[settings]`` for an MQTT broker."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sympolis.domain.reading import option

FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _topics_complaint(topics: tuple[str, ...]) -> str | None:
    if not topics:
        return "names no topic"
    for topic in topics:
        levels = topic.split("/")
        if "#" in topic and (topic.count("#") > 1 or levels[-1] != "#"):
            return f"{topic!r}: # stands alone at the end"
        if any("+" in level and level != "+" for level in levels):
            return f"{topic!r}: + stands alone between slashes"
        if any("{" in level and not FIELD.fullmatch(level) for level in levels):
            return f"{topic!r}: a field takes a whole level, as in city/{{station}}/noise"
    return None


@dataclass(frozen=True, kw_only=True)
class MqttSettings:
    """Which messages, and what is in them."""

    topics: tuple[str, ...] = option(check=_topics_complaint)
    """Topic filters; ``+`` and ``#`` as usual, ``{name}`` is a ``+`` whose text becomes a field of the row:
    ``city/{station}/{quantity}``."""
    rows: str = ""
    """Where the rows are in the JSON, by dots (``payload.readings``); empty: the message itself, or its list."""
    qos: int = option(1, minimum=0, maximum=1)
    """1: the broker keeps a message until it is stored, also while the twin is away; 0: it may be lost."""
    user: str = ""
    password: str = ""
    """The name of the password in ``local/secrets.toml``."""
    version: str = option("5", choices=("5", "3.1.1"))
    """Of the protocol."""
