"""`python -m benchmarks`: measure the twin and the broker, print the tables, put them into the documentation.

`python -m benchmarks ngsild --stores embedded --entities 1000000` measures the broker alone, `features` the OGC
interfaces, `second-city` the other city's start and dashboard, `dask` how a cluster of local workers scales,
`negotiating` what contracts cost, `drawing` what large maps cost the browser; `table` writes anew only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import (
    allocation,
    brokers,
    dask_scaling,
    drawing,
    energy,
    features,
    federation,
    heat,
    negotiating,
    ngsild,
    second_city,
    shared,
    tables,
    twin,
)
from benchmarks.phases import Effort

_PARTS = (
    "all", "twin", "second-city", "ngsild", "features", "dask", "energy", "heat", "allocation", "negotiating",
    "federation", "drawing", "table",
)  # fmt: skip


def main() -> None:
    """See the module."""
    asked = _arguments()
    if asked.what in ("all", "twin"):
        _publish("twin", tables.of_twin(twin.measure()))
    if asked.folder is not None:
        _again(asked)
        return
    if asked.what in ("all", "ngsild"):
        effort = Effort(asked.seconds, asked.runs)
        for store in asked.stores.split(","):
            for count in map(int, asked.entities.split(",")):
                ngsild.keep(ngsild.measure(store, count, effort, with_shared=count <= shared.MOST))
        if shared.find() is None:
            sys.stderr.write("bench_ngsild.py is not beside this project: its table was left as it is\n")
    if asked.what in ("features", "table"):
        _features(asked)
    _others(asked)
    if asked.what in ("all", "ngsild", "table"):
        _broker_tables()


def _again(asked: argparse.Namespace) -> None:
    again = ngsild.Again(asked.folder, frozenset(filter(None, asked.phases.split(","))))
    ngsild.measure_again(
        asked.stores.split(",")[0], int(asked.entities), Effort(asked.seconds, asked.runs), again
    )


def _broker_tables() -> None:
    records = ngsild.records()
    _publish("broker", tables.of_broker(records))
    if table := tables.of_shared(records):
        _publish("bench_ngsild.py", table)


def _features(asked: argparse.Namespace) -> None:
    if asked.what == "features":
        for store in asked.stores.split(","):
            for count in map(int, asked.entities.split(",")):
                features.keep(features.measure(store, count, Effort(asked.seconds, asked.runs)))
    if found := features.records():
        _publish("features", features.table(found))


def _others(asked: argparse.Namespace) -> None:
    if asked.what == "second-city":
        _publish("second city", second_city.table(second_city.measure()))
    if asked.what in ("dask", "table"):
        _dask(asked)
    if asked.what == "energy":
        _publish("energy", energy.table(energy.measure()))
    if asked.what == "heat":
        _publish("heat", heat.table(heat.measure()))
    if asked.what == "allocation":
        _publish("allocation", allocation.table(allocation.measure()))
    if asked.what in ("negotiating", "table"):
        _negotiating(asked)
    if asked.what in ("federation", "table"):
        _federation(asked)
    if asked.what in ("drawing", "table"):
        _drawing(asked)


def _drawing(asked: argparse.Namespace) -> None:
    if asked.what == "drawing":
        drawing.keep(drawing.measure(Effort(asked.seconds, asked.runs)))
    if (found := drawing.records()) is not None:
        _publish("drawing", drawing.table(found))


def _negotiating(asked: argparse.Namespace) -> None:
    if asked.what == "negotiating":
        negotiating.keep(negotiating.measure(Effort(asked.seconds, asked.runs)))
    if (found := negotiating.records()) is not None:
        _publish("negotiating", negotiating.table(found))


def _federation(asked: argparse.Namespace) -> None:
    if asked.what == "federation":
        federation.keep(federation.measure(Effort(asked.seconds, asked.runs)))
    if (found := federation.records()) is not None:
        federation.publish(found)


def _dask(asked: argparse.Namespace) -> None:
    if asked.what == "dask":
        record = dask_scaling.measure(asked.members, [int(count) for count in asked.workers.split(",")])
        sys.stdout.write(dask_scaling.table(record) + "\n")
        if asked.members < dask_scaling.ENOUGH:
            return
        dask_scaling.keep(record)
    if (found := dask_scaling.records()) is not None:
        tables.put_into_page("dask", dask_scaling.table(found))


def _publish(name: str, table: str) -> None:
    sys.stdout.write(table + "\n")
    tables.put_into_page(name, table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="all",
        choices=_PARTS,
    )
    parser.add_argument("--stores", default="embedded,postgresql", help=f"of {', '.join(brokers.STORES)}")
    parser.add_argument(
        "--entities", default="10000", help="how many, or several: 10000,1000000 takes its time"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="of ngsild: fill a store here once, and measure it again; no table is written",
    )
    parser.add_argument(
        "--phases", default="", help="with --folder: only these, e.g. get_id,patch,upsert_100"
    )
    parser.add_argument("--members", type=int, default=1000, help="of dask: runs of the quarter")
    parser.add_argument("--workers", default="1,2", help="of dask: how many workers, one after the other")
    parser.add_argument("--seconds", type=float, default=4, help="of each run")
    parser.add_argument("--runs", type=int, default=3, help="of each phase; the median counts")
    return parser.parse_args()


if __name__ == "__main__":
    main()
