"""Asks a stranger's model in a process that is locked in (``jail``) and lives for one question.

Called in a worker like ``runner``, with the same functions. The worker starts ``python -I -m
sympolis.analysis.learned.jailed``, which imports the runtime, reads the model and the question from its standard input,
locks itself in, and only then lets the runtime see the model.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.domain import errors

MEMORY_MB: Final = 2048
CPU_S: Final = 30
TIMEOUT_S: Final = 30.0
_MOST_ANSWER: Final = 256 << 20


def signature(*, path: str) -> dict[str, list[dict[str, Any]]]:
    """See ``runner.signature``."""
    found: dict[str, list[dict[str, Any]]] = _asked(path, {"do": "signature"})
    return found


def infer(*, path: str, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """See ``runner.infer``."""
    found: list[dict[str, Any]] = _asked(path, {"do": "infer", "inputs": list(inputs)})
    return found


def _asked(path: str, question: dict[str, Any]) -> Any:
    given = msgspec.msgpack.encode({**question, "model": Path(path).read_bytes()})
    command = [sys.executable, "-I", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, input=given, capture_output=True, timeout=TIMEOUT_S, check=False, env={}, cwd="/"
        )
    except subprocess.TimeoutExpired as cause:
        raise errors.ModelFailed(f"the model did not answer within {TIMEOUT_S:g} s", where="model") from cause
    if done.returncode != 0 or not done.stdout or len(done.stdout) > _MOST_ANSWER:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1][:300] if said else f"it ended with {done.returncode}"
        raise errors.ModelFailed(f"the model was stopped: {why}", where="model")
    answer = msgspec.msgpack.decode(done.stdout)
    if "error" in answer:
        raise errors.ModelFailed(answer["error"], where=answer["where"])
    return answer["result"]


def main() -> None:
    """Answer the one question on standard input."""
    from sympolis.analysis.learned import jail, runner

    question = msgspec.msgpack.decode(sys.stdin.buffer.read())
    runner.warm_up()
    jail.lock(memory_mb=MEMORY_MB, cpu_s=CPU_S)
    answer: dict[str, Any]
    try:
        session = runner.opened(question["model"])
        if question["do"] == "signature":
            answer = {"result": runner.signature_of(session)}
        else:
            answer = {"result": runner.infer_with(session, question["inputs"])}
    except errors.ModelFailed as problem:
        answer = {"error": problem.message, "where": problem.where}
    except MemoryError:
        answer = {"error": f"it needed more than {MEMORY_MB} MB", "where": "model"}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
