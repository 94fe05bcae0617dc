"""Runs one SUMO simulation and reads what came out, per street and hour.

Mesoscopic runs move vehicles through queues, microscopic ones move them second by second. In mesoscopic mode signals
and give-way lines act as time and flow penalties from the green share: checking each signal by the second
(``--meso-junction-control``) locks up streets that flow in reality and in the microscopic run. How strong these
penalties are is not known, only bracketed by microscopic runs: ``Queues`` carries what an ensemble draws.
"""

from __future__ import annotations

import math
import re
import resource
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sympolis.domain.scenario import Window
from sympolis.plugins.simulators.sumo_traffic.binaries import run_binary
from sympolis.plugins.simulators.sumo_traffic.demand import WARM_UP_S, Stream, Trip
from sympolis.plugins.simulators.sumo_traffic.fleet import CLASSES, type_id, vehicle_types
from sympolis.plugins.simulators.sumo_traffic.network import NETWORK_FILE, Network

MESO_OPTIONS = ("--mesosim", "--meso-minor-penalty=2")
MICRO_OPTIONS = ("--time-to-teleport=180",)
SUMMARY_FILE = "summary.xml"
SUMMARY_PERIOD_S = 20
_TAIL_BYTES = 2000
_STEP = re.compile(rb'<step time="([0-9.]+)"')
MAX_SEED = 2**31 - 1
MG_PER_KG = 1e6
MG_PER_G = 1e3
_LANE_SPEED = re.compile(r'(<lane id="e(\d+)_\d+"[^>]*? speed=")[^"]*(")')


@dataclass(slots=True)
class Totals:
    """Sums over the window, the insides of junctions included."""

    vehicle_km: float = 0.0
    vehicle_hours: float = 0.0
    time_loss_s: float = 0.0
    co2_kg: float = 0.0
    nox_g: float = 0.0


@dataclass(slots=True)
class Output:
    """What a simulation gave: ``fields[name][hour][segment]`` and sums."""

    fields: dict[str, list[list[float]]]
    totals: Totals
    departed: int = 0
    waiting: int = 0
    teleports: int = 0
    entry_delay_s: float = 0.0
    cost_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Queues:
    """How the mesoscopic mode's queues behave at signals and when they jam (SUMO's own definitions, no units)."""

    tls_penalty: float
    tls_flow_penalty: float
    jam_threshold: float

    @property
    def options(self) -> tuple[str, ...]:
        """SUMO's command-line options."""
        return (
            f"--meso-tls-penalty={self.tls_penalty:.4f}",
            f"--meso-tls-flow-penalty={self.tls_flow_penalty:.4f}",
            f"--meso-jam-threshold={self.jam_threshold:.4f}",
        )


@dataclass(frozen=True, slots=True)
class Task:
    """A simulation to run: microscopic unless ``queues`` are given.

    ``speeds_ms`` holds only what differs from the network.
    """

    folder: Path
    network: Network
    streams: Sequence[Stream]
    trips: Sequence[Trip]
    window: Window
    seed: int
    queues: Queues | None
    emissions: bool = True
    speeds_ms: Mapping[int, float] = field(default_factory=dict)


def simulate(task: Task, on_share: Callable[[float], None] | None = None) -> Output:
    """Run SUMO on ``task``; ``on_share`` hears the share done. Raises ``ModelFailed`` or what ``on_share`` raises."""
    used = cpu_s()
    with tempfile.TemporaryDirectory(prefix="sumo-traffic-") as name:
        folder = Path(name)
        _write_inputs(task, folder)
        run_binary("sumo", _arguments(task, folder), folder, _reporter(task.window, folder, on_share))
        output = _read_output(task, folder)
    output.cost_cpu_s = cpu_s() - used
    return output


def cpu_s() -> float:
    """CPU seconds of this process and of the programs it has run."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _begin_s(window: Window) -> int:
    """SUMO's clock starts with the warm-up; it runs ``WARM_UP_S`` ahead of the day's, so that it is never negative."""
    return window.start_hour * 3600


def _end_s(window: Window) -> int:
    return window.end_hour * 3600 + WARM_UP_S


def _reporter(
    window: Window, folder: Path, on_share: Callable[[float], None] | None
) -> Callable[[], None] | None:
    if on_share is None:
        return None
    begin, length = _begin_s(window), _end_s(window) - _begin_s(window)
    return lambda: on_share(min(1.0, max(0.0, (_simulated_s(folder / SUMMARY_FILE, begin) - begin) / length)))


def _simulated_s(path: Path, begin: float) -> float:
    """The simulated second that SUMO has last written down."""
    if not path.exists():
        return begin
    with path.open("rb") as summary:
        summary.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        steps = _STEP.findall(summary.read())
    return float(steps[-1]) if steps else begin


def _arguments(task: Task, folder: Path) -> list[str]:
    network = folder / NETWORK_FILE if task.speeds_ms else task.folder / NETWORK_FILE
    return [
        f"--net-file={network}",
        "--route-files=trips.rou.xml",
        "--additional-files=additional.xml",
        f"--begin={_begin_s(task.window)}",
        f"--end={_end_s(task.window)}",
        f"--seed={task.seed % MAX_SEED}",
        f"--summary-output={SUMMARY_FILE}",
        f"--summary-output.period={SUMMARY_PERIOD_S}",
        "--statistic-output=statistics.xml",
        "--duration-log.statistics",
        "--tripinfo-output.write-undeparted",
        "--no-step-log",
        "--no-warnings",
        *(MICRO_OPTIONS if task.queues is None else (*MESO_OPTIONS, *task.queues.options)),
    ]


# --- input --------------------------------------------------------------------------------------------------------


def _write_inputs(task: Task, folder: Path) -> None:
    (folder / "trips.rou.xml").write_text(_trips_xml(task), encoding="utf-8")
    (folder / "additional.xml").write_text(_additional_xml(task), encoding="utf-8")
    if task.speeds_ms:
        text = (task.folder / NETWORK_FILE).read_text(encoding="utf-8")
        (folder / NETWORK_FILE).write_text(_with_speeds(text, task.speeds_ms), encoding="utf-8")


def _with_speeds(network_xml: str, speeds_ms: Mapping[int, float]) -> str:
    def replaced(match: re.Match[str]) -> str:
        speed = speeds_ms.get(int(match[2]))
        return match[0] if speed is None else f"{match[1]}{speed:.3f}{match[3]}"

    return _LANE_SPEED.sub(replaced, network_xml)


def _additional_xml(task: Task) -> str:
    period = f'begin="{_begin_s(task.window) + WARM_UP_S}" end="{_end_s(task.window)}" period="3600"'
    inside = ' withInternal="true"' if task.queues is None else ""
    classes = sorted({trip.vehicle_class for trip in task.trips})
    emissions = (
        f'<edgeData id="x" type="emissions" file="emissions.xml" excludeEmpty="true" {period}{inside}/>'
    )
    rows = [
        vehicle_types(classes),
        f'<edgeData id="t" file="traffic.xml" excludeEmpty="true" {period}{inside}/>',
        emissions if task.emissions else "",
    ]
    return "<additional>\n" + "\n".join(rows) + "\n</additional>\n"


def _trips_xml(task: Task) -> str:
    routes: dict[tuple[int, ...], str] = {}
    for trip in task.trips:
        routes.setdefault(trip.route, f"r{len(routes)}")
    rows = [f'<route id="{name}" edges="{_edges(route)}"/>' for route, name in routes.items()]
    rows += [
        _trip_xml(number, trip, routes[trip.route], task.streams) for number, trip in enumerate(task.trips)
    ]
    return "<routes>\n" + "\n".join(rows) + "\n</routes>\n"


def _edges(route: Sequence[int]) -> str:
    return " ".join(f"e{segment}" for segment in route)


def _trip_xml(number: int, trip: Trip, route: str, streams: Sequence[Stream]) -> str:
    kind = type_id(CLASSES[trip.vehicle_class], trip.fleet_position)
    depart = f"{trip.depart_s + WARM_UP_S:.1f}"
    head = f'<vehicle id="v{number}" type="{kind}" route="{route}" depart="{depart}" departLane="best"'
    stops = "".join(_stops_xml(trip, streams[trip.stream]))
    return f"{head}>{stops}</vehicle>" if stops else f"{head}/>"


def _stops_xml(trip: Trip, stream: Stream) -> Iterator[str]:
    for stop in stream.stops:
        if stop.segment in trip.route:
            begin_m = f"{stop.end_m - stop.length_m:.1f}"
            place = f'lane="e{stop.segment}_{stop.lane}" startPos="{begin_m}" endPos="{stop.end_m}"'
            yield f'<stop {place} duration="{stop.duration_s}" friendlyPos="true"/>'


# --- output -------------------------------------------------------------------------------------------------------


def _read_output(task: Task, folder: Path) -> Output:
    hours, size = task.window.end_hour - task.window.start_hour, len(task.network.segments)
    names = ("flow", "speed", "delay", "vehicle_km", *(("co2", "nox") if task.emissions else ()))
    output = Output({name: [[_EMPTY[name]] * size for _ in range(hours)] for name in names}, Totals())
    slower = _slower_s_per_km(task)
    for hour, edge in _edge_rows(folder / "traffic.xml"):
        _add_traffic(output, hour, edge, slower.get(edge["id"], 0.0))
    if task.emissions:
        for hour, edge in _edge_rows(folder / "emissions.xml"):
            _add_emissions(output, hour, edge)
    _add_statistics(output, folder / "statistics.xml")
    return output


_EMPTY = {"flow": 0.0, "speed": math.nan, "delay": math.nan, "vehicle_km": 0.0, "co2": 0.0, "nox": 0.0}


def _edge_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    for hour, interval in enumerate(ET.parse(path).getroot().iter("interval")):  # noqa: S314 - SUMO's own output
        for edge in interval.iter("edge"):
            yield hour, edge.attrib


def _slower_s_per_km(task: Task) -> dict[str, float]:
    """What a lower limit costs per kilometre: SUMO counts time lost against the new limit, people against today's."""
    return {
        f"e{number}": 1000 / speed - 1000 / task.network.segments[number].speed_ms
        for number, speed in task.speeds_ms.items()
    }


def _add_traffic(output: Output, hour: int, edge: Mapping[str, str], slower_s_per_km: float) -> None:
    present_s = float(edge["sampledSeconds"])
    speed_ms = float(edge.get("speed", 0.0))
    kilometres = present_s * speed_ms / 1000
    loss_s = float(edge.get("timeLoss", 0.0)) + slower_s_per_km * kilometres
    output.totals.vehicle_km += kilometres
    output.totals.vehicle_hours += present_s / 3600
    output.totals.time_loss_s += loss_s
    if edge["id"].startswith(":"):
        return
    segment, fields = int(edge["id"][1:]), output.fields
    flow = float(edge.get("entered", 0.0)) + float(edge.get("departed", 0.0))
    fields["flow"][hour][segment] = flow
    fields["vehicle_km"][hour][segment] = kilometres
    if present_s > 0:
        fields["speed"][hour][segment] = speed_ms * 3.6
        fields["delay"][hour][segment] = loss_s / max(flow, 1.0)


def _add_emissions(output: Output, hour: int, edge: Mapping[str, str]) -> None:
    co2_kg, nox_g = float(edge["CO2_abs"]) / MG_PER_KG, float(edge["NOx_abs"]) / MG_PER_G
    output.totals.co2_kg += co2_kg
    output.totals.nox_g += nox_g
    if not edge["id"].startswith(":"):
        output.fields["co2"][hour][int(edge["id"][1:])] = co2_kg
        output.fields["nox"][hour][int(edge["id"][1:])] = nox_g


def _add_statistics(output: Output, path: Path) -> None:
    root = ET.parse(path).getroot()  # noqa: S314 - SUMO's own output
    vehicles, teleports, trips = (
        root.find("vehicles"),
        root.find("teleports"),
        root.find("vehicleTripStatistics"),
    )
    if vehicles is not None:
        output.departed, output.waiting = int(vehicles.attrib["inserted"]), int(vehicles.attrib["waiting"])
    if teleports is not None:
        output.teleports = int(teleports.attrib["total"])
    if trips is not None:
        output.entry_delay_s = float(trips.get("totalDepartDelay", 0.0))
