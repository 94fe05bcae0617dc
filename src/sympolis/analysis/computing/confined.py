"""Runs a package in a process of its own that is locked in: arithmetic on the columns it was given, and nothing else.

The worker starts ``python -I -m sympolis.analysis.computing.confined``, which imports what may be needed, reads the
package and the columns from its standard input, locks itself in (``learned.jail``), and only then runs what a stranger
has written. It lives for one computation. What comes back is data to be checked, whoever wrote it: the child is not
believed, and not even let write more than it may.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

import msgspec

from sympolis.analysis.computing.columns import Frame
from sympolis.analysis.computing.declaration import Declaration, as_document
from sympolis.domain import errors

MOST_ANSWER: Final = 8 << 20
_SLACK_S: Final = 20.0
"""Beside its CPU time: starting, and waiting for a busy machine."""
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Ran:
    """What came out, unchecked, and what it cost [CPU s]."""

    outputs: dict[str, Any]
    cpu_s: float


def run(
    declaration: Declaration,
    frame: Frame,
    parameters: Mapping[str, Any],
    *,
    model: bytes = b"",
    script: str = "",
) -> Ran:
    """Run it and wait. Raises ``ModelFailed`` with the reason: an error, too slow, too large, or no jail here."""
    given = msgspec.msgpack.encode(
        {
            "declaration": as_document(declaration),
            "frame": frame.document(),
            "parameters": dict(parameters),
            "model": model,
            "script": script,
        }
    )
    said, spent = _talk(given, timeout_s=declaration.cpu_s + _SLACK_S)
    try:
        answer = msgspec.msgpack.decode(said, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise errors.ModelFailed("the package gave no answer that can be read", where="package") from cause
    if "error" in answer or not isinstance(answer.get("result"), dict):
        where = str(answer.get("where", "package"))[:100]
        raise errors.ModelFailed(str(answer.get("error", "no outputs"))[:500], where=where)
    return Ran(answer["result"], round(spent, 3))


def _talk(given: bytes, *, timeout_s: float) -> tuple[bytes, float]:
    """The child's answer, read no further than it may be long, and its CPU time [s]."""
    command = [sys.executable, "-I", "-m", __name__]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=_ENVIRONMENT, cwd="/", **pipes) as child:  # type: ignore[call-overload]  # noqa: S603 - ours
        late = threading.Event()
        timer = threading.Timer(timeout_s, _stop, (child, late))
        timer.start()
        writer = threading.Thread(target=_write, args=(child.stdin, given), daemon=True)
        writer.start()
        try:
            said: bytes = child.stdout.read(MOST_ANSWER + 1)
            if len(said) > MOST_ANSWER:
                child.kill()
            why = _last_line(child.stderr)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = code = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
            child.kill()
        writer.join()
    if late.is_set():
        raise errors.ModelFailed(f"it was stopped after {timeout_s:g} s", where="package")
    if len(said) > MOST_ANSWER:
        raise errors.ModelFailed(f"it answered with more than {MOST_ANSWER:,} bytes", where="package")
    if code != 0 or not said:
        raise errors.ModelFailed(f"it was stopped: {why or _ended(code)}"[:500], where="package")
    return said, usage.ru_utime + usage.ru_stime


def _ended(code: int) -> str:
    killed = (-signal.SIGKILL, -signal.SIGXCPU)
    return "it used up its time or its memory" if code in killed else f"it ended with {code}"


def _stop(child: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    child.kill()


def _write(pipe: IO[bytes], given: bytes) -> None:
    try:
        with pipe:
            pipe.write(given)
    except OSError:  # it has ended before it had read everything: its end says why
        return


def _last_line(pipe: IO[bytes]) -> str:
    lines = pipe.read(65_536).decode("utf-8", "replace").strip().splitlines()
    return "".join(one for one in lines[-1] if one.isprintable())[:300] if lines else ""


# --- inside


def main() -> None:
    """Answer the one question on standard input."""
    question = msgspec.msgpack.decode(sys.stdin.buffer.read(), strict=False)
    declaration = msgspec.convert(question["declaration"], Declaration)
    runner = _prepared(declaration)

    from sympolis.analysis.learned import jail

    jail.lock(memory_mb=declaration.memory_mb, cpu_s=declaration.cpu_s)
    answer: dict[str, Any]
    try:
        answer = {"result": runner(declaration, question)}
    except errors.SympolisError as problem:
        answer = {"error": problem.message, "where": problem.where or "package"}
    except MemoryError:
        answer = {"error": f"it needed more than {declaration.memory_mb} MB", "where": "package"}
    except Exception as problem:  # whatever a stranger's code raises is theirs to read
        answer = {"error": f"{type(problem).__name__}: {problem}"[:500], "where": "package"}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
    sys.stdout.buffer.flush()


def _prepared(declaration: Declaration) -> Any:
    """What answers, with all that it needs imported: there is no file to be read afterwards."""
    from sympolis.analysis.computing import running

    running.prepare(declaration)
    return running.run


if __name__ == "__main__":
    main()
