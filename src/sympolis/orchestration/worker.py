"""A worker process: loads one simulator's engine, does the tasks it is sent, and never touches the server's memory.

Started as ``python -m sympolis.orchestration.worker``; it speaks frames (4 bytes of length, then MessagePack) on
standard input and output. Whatever an engine prints goes to the log instead. When its parent goes away, it ends.

Tasks: ``prepare``, ``check``, ``run``, ``detail``, ``calibrate``, ``evaluate``, methods of the simulator contract, and
``call``: any function of ours that is too heavy for the server (``call_of`` writes such a task). Large values are
files.
"""

from __future__ import annotations

import importlib
import inspect
import os
import queue
import shutil
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration import files, member_files
from sympolis.plugins.simulator import Link, Linked, Member, Progress, Simulator

LENGTH = struct.Struct(">I")
NICENESS = 5
"""Models yield to the server: a what-if must not slow the map."""

MEMORY_LIMIT = "SYMPOLIS_WORKER_MEMORY_MB"
"""Environment variable by which the pool tells its workers the setting ``worker_memory_mb``."""
REPORT_EVERY_S = 0.1
CALL = "call"

Task = Mapping[str, Any]


def write_frame(stream: BinaryIO, value: Any) -> None:
    """Send one value."""
    content = msgspec.msgpack.encode(value)
    stream.write(LENGTH.pack(len(content)) + content)
    stream.flush()


def read_frame(stream: BinaryIO) -> Any:
    """Receive one value; None at the end of the stream."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return msgspec.msgpack.decode(stream.read(*LENGTH.unpack(head)))


class Hands:
    """Does tasks in this process, one at a time; a simulator is made once and kept."""

    def __init__(self) -> None:
        self._simulators: dict[str, Simulator] = {}

    def do(self, task: Task, progress: Progress) -> Mapping[str, Any]:
        """``{"result": …}``, or ``{"error": [kind, message, where, hint]}`` with the reason why there is none."""
        try:
            return {"result": self._result(task, progress)}
        except errors.SympolisError as error:
            return {"error": [type(error).__name__, error.message, error.where, error.hint]}
        except MemoryError:
            text = f"the model needed more than {memory_limit_mb()} MB of memory"
            return {"error": ["ModelFailed", text, "", _MORE_MEMORY]}
        except Exception as error:  # a model is third-party code: whatever it raises is its failure, not ours
            traceback.print_exc(file=sys.stderr)
            text = f"{type(error).__name__}: {error}"
            return {"error": ["ModelFailed", text, task["do"], "see the worker's log"]}

    def _result(self, task: Task, progress: Progress) -> Any:
        if task["do"] == CALL:
            function, arguments = resolve(task["function"]), task["arguments"]
            wanted = "progress" in inspect.signature(function).parameters
            return function(**arguments, **({"progress": progress} if wanted else {}))
        return _TASKS[task["do"]](self._simulator(task["simulator"]), task, progress)

    def _simulator(self, reference: str) -> Simulator:
        if reference not in self._simulators:
            self._simulators[reference] = resolve(reference)()
        return self._simulators[reference]


class Worker:
    """One process's loop over its tasks."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink
        self._tasks: queue.Queue[Task] = queue.Queue()
        self._cancelled: set[int] = set()
        self._busy = False
        self._hands = Hands()

    def serve(self) -> None:
        """Work until the parent closes the pipe."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            self._answer(self._tasks.get())

    def _listen(self) -> None:
        while (message := read_frame(self._source)) is not None:
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self._tasks.put(message)
        # The parent is gone or wants no more: stop at once, engine or not. Nothing is half-written (files.write).
        if self._busy and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # an engine that is a program of its own stops, too
        os._exit(0)

    def _answer(self, task: Task) -> None:
        self._busy = True
        before = cpu_seconds()
        answer = self._hands.do(task, self._progress(task["id"]))
        self._busy = False
        write_frame(self._sink, {"id": task["id"], "cost_cpu_s": cpu_seconds() - before, **answer})

    def _progress(self, task_id: int) -> Progress:
        reported, said = 0.0, ""

        def report(share: float, text: str) -> None:
            nonlocal reported, said
            if task_id in self._cancelled:
                raise errors.Cancelled("the run was cancelled")
            now = time.monotonic()
            if text != said or now - reported >= REPORT_EVERY_S:
                reported, said = now, text
                write_frame(self._sink, {"id": task_id, "progress": [min(max(share, 0.0), 1.0), text]})

        return report


_MORE_MEMORY = f"set {MEMORY_LIMIT} higher, or run fewer hours"


def reference_to(what: type[Simulator] | Callable[..., Any]) -> str:
    """How a worker finds this class or function: ``module:qualified name``."""
    return f"{what.__module__}:{what.__qualname__}"


def call_of(module: str, function: str, **arguments: Any) -> Task:
    """The task that calls ``function(**arguments)`` of ``module`` in a worker and gives what it returns.

    A parameter ``progress`` of the function gets a callback. Arguments and result are what MessagePack holds. The
    module is named, not imported: its libraries are for the worker alone. Names come from the platform's own code,
    never from a request.
    """
    return {"do": CALL, "function": f"{module}:{function}", "arguments": arguments}


def resolve(reference: str) -> Any:
    """The class or function behind a reference. Raises ``ModelFailed`` naming what could not be imported."""
    module, _, name = reference.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ImportError as cause:
        hint = "install the extra that brings the model's engine"
        raise errors.ModelFailed(f"the model cannot be loaded: {cause}", where=module, hint=hint) from cause
    for part in name.split("."):
        found = getattr(found, part)
    return found


def cpu_seconds() -> float:
    """CPU time of this process and its finished children (engines' helper programs) so far."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def memory_limit_mb() -> int:
    """The limit in force; 0 where there is none."""
    return int(os.environ.get(MEMORY_LIMIT, "0"))


# --- tasks ------------------------------------------------------------------------------------------------------------


def _prepare(simulator: Simulator, task: Task, _progress: Progress) -> None:
    folder = Path(task["folder"])
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    simulator.prepare(_inputs(task), part)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    files.sync_folder(folder.parent)


def _check(simulator: Simulator, task: Task, _progress: Progress) -> list[tuple[int | None, str]]:
    """Reasons with the index of the override concerned; None where they lie in the combination.

    Each override is shown to the model alone first: so a reason finds its override, whatever the model's wording.
    """
    folder, window = Path(task["folder"]), msgspec.convert(task["window"], Window)
    overrides = _overrides(task)
    found: list[tuple[int | None, str]] = [
        (index, reason)
        for index, override in enumerate(overrides)
        for reason in simulator.check(folder, [override], window)
    ]
    if not found:
        found = [(None, reason) for reason in simulator.check(folder, overrides, window)]
    return found


def _run(simulator: Simulator, task: Task, progress: Progress) -> float:
    before = cpu_seconds()
    member = _linked(msgspec.convert(task["member"], Member), task.get("linked", {}))
    result = simulator.run(Path(task["folder"]), member, progress)
    cost = cpu_seconds() - before
    member_files.save(Path(task["stem"]), result, cost_cpu_s=cost)
    return cost


def _linked(member: Member, stems: Mapping[str, str]) -> Member:
    """The member with the results of the other models that feed it."""
    if not stems:
        return member
    return replace(member, linked={need: _result(stem, member.links[need]) for need, stem in stems.items()})


def _result(stem: str, link: Link) -> Linked:
    found = member_files.load(Path(stem))
    if found is None:
        text = "the result of the model before this one is no longer kept"
        raise errors.ModelFailed(text, where=link.member, hint="start the run again")
    fields: dict[str, Any] = {name: found.fields[field] for name, field in link.fields.items()}
    for name, (factor, offset) in link.lines.items():
        fields[name] = fields[name] * factor + offset
    return Linked(found.features, fields)


def _calibrate(simulator: Simulator, task: Task, progress: Progress) -> Any:
    window = msgspec.convert(task["window"], Window)
    return simulator.calibrate(Path(task["folder"]), _inputs(task), window, task["seed"], progress)


def _evaluate(simulator: Simulator, task: Task, progress: Progress) -> Any:
    window = msgspec.convert(task["window"], Window)
    folder, seed = Path(task["folder"]), task["seed"]
    return dict(simulator.evaluate(folder, _inputs(task), task["parameters"], window, seed, progress))


def _detail(simulator: Simulator, task: Task, progress: Progress) -> int:
    """The table as Parquet, and beside it as CSV without shapes; whole or not at all."""
    import pyarrow.csv
    import pyarrow.parquet

    target = Path(task["target"])
    part, text = target.with_name(f".{target.name}.part"), target.with_suffix(".csv")
    part.parent.mkdir(parents=True, exist_ok=True)
    count = simulator.detail(Path(task["folder"]), msgspec.convert(task["member"], Member), part, progress)
    table = pyarrow.parquet.read_table(part)
    plain = [field.name for field in table.schema if not pyarrow.types.is_binary(field.type)]
    pyarrow.csv.write_csv(table.select(plain), text)
    part.replace(target)
    return count


_TASKS: Mapping[str, Callable[[Simulator, Task, Progress], Any]] = {
    "prepare": _prepare,
    "check": _check,
    "run": _run,
    "calibrate": _calibrate,
    "evaluate": _evaluate,
    "detail": _detail,
}


def _inputs(task: Task) -> Any:
    return msgspec.msgpack.decode(Path(task["inputs"]).read_bytes())


def _overrides(task: Task) -> list[Override]:
    return msgspec.convert(task["overrides"], list[Override])


def _limit_resources() -> None:
    with suppress(OSError, AttributeError):
        os.nice(NICENESS)
    limit = memory_limit_mb()
    if limit:
        with suppress(ImportError, ValueError, OSError):
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (limit * 2**20, limit * 2**20))


def main() -> None:
    """Take over standard output for frames, send everything else that is printed to the log, and serve."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_resources()
    Worker(sys.stdin.buffer, sink).serve()


if __name__ == "__main__":
    main()
