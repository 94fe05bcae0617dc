"""What ``prepare`` leaves behind and every later call starts from: the network and demand as read from the twin.

Kept as JSON beside SUMO's own network file, so that a member run needs nothing but this folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulators.sumo_traffic.counts import Counts, day_profile, read_counts
from sympolis.plugins.simulators.sumo_traffic.demand import HOURS_PER_DAY, Stop, Stream, covers, read_stream
from sympolis.plugins.simulators.sumo_traffic.network import Network, Segment, build_network, gates_of

MODEL_FILE = "model.json"
UTC_NAME = "UTC"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Network, demand and the day's profile. ``profile[h]`` is traffic in hour ``h`` against the demand's own hour."""

    network: Network
    streams: tuple[Stream, ...]
    time_zone: str
    profile: tuple[float, ...] | None

    def hour_factors(self) -> tuple[float, ...]:
        """By hour of the day: 1 where the demand covers the hour, else the counts' profile, else 0."""
        driven = [s for s in self.streams if not s.scheduled]
        own = {hour for hour in range(HOURS_PER_DAY) for s in driven if covers(s, hour)}
        profile = self.profile or (0.0,) * HOURS_PER_DAY
        return tuple(1.0 if hour in own else profile[hour] for hour in range(HOURS_PER_DAY))


def prepare(inputs: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path) -> Prepared:
    """Build the network and write ``model.json``. Raises ``ModelFailed``."""
    folder.mkdir(parents=True, exist_ok=True)
    network = build_network(inputs["roads"], inputs["nodes"], inputs.get("signals", ()), folder)
    entities = sorted(inputs["demand"], key=lambda e: str(e["id"]))
    if not entities:
        raise ModelFailed("there is no travel demand", where="TravelDemand")
    streams = tuple(read_stream(entity, network) for entity in entities)
    time_zone = str(entities[0].get("timeZone", UTC_NAME))
    profile = _profile(read_counts(inputs.get("counts", ()), network, time_zone), streams)
    prepared = Prepared(network, streams, time_zone, profile)
    (folder / MODEL_FILE).write_text(json.dumps(_document(prepared)), encoding="utf-8")
    return prepared


def _profile(counts: Sequence[Counts], streams: Sequence[Stream]) -> tuple[float, ...] | None:
    return day_profile(counts, streams[0].start_minute // 60)


def _document(prepared: Prepared) -> dict[str, Any]:
    segments = [asdict(s) | {"allowed": sorted(s.allowed) if s.allowed is not None else None}
                for s in prepared.network.segments]  # fmt: skip
    return {
        "segments": segments,
        "index": dict(prepared.network.index),
        "streams": [asdict(s) for s in prepared.streams],
        "time_zone": prepared.time_zone,
        "profile": prepared.profile,
    }


def load(folder: Path) -> Prepared:
    """What ``prepare`` left in ``folder``. Raises ``ModelFailed`` if it left nothing."""
    try:
        document = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise ModelFailed("the model has not been prepared", where=str(folder)) from cause
    segments = tuple(_segment(s) for s in document["segments"])
    return Prepared(
        network=Network(segments, document["index"], gates_of(segments)),
        streams=tuple(_stream(s) for s in document["streams"]),
        time_zone=document["time_zone"],
        profile=tuple(document["profile"]) if document["profile"] else None,
    )


def _segment(row: dict[str, Any]) -> Segment:
    allowed = None if row["allowed"] is None else frozenset(row["allowed"])
    line = tuple((p[0], p[1]) for p in row["line"])
    return Segment(**{**row, "allowed": allowed, "line": line, "successors": tuple(row["successors"])})


def _stream(row: dict[str, Any]) -> Stream:
    stops = tuple(Stop(**stop) for stop in row["stops"])
    return Stream(
        **{**row, "route": tuple(row["route"]), "departures": tuple(row["departures"]), "stops": stops}
    )
