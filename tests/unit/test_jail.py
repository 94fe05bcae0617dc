"""A stranger's model is locked in: no file, no network, no other process, no more memory or time than it is given."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "aarch64"),
    reason="seccomp is Linux's",
)

_LOCK = """
import os, socket, subprocess, sys, threading, ctypes, mmap
from sympolis.analysis.learned import jail
jail.lock(memory_mb=512, cpu_s=1)
"""


def locked(code: str) -> subprocess.CompletedProcess[str]:
    """A process that locks itself in and then does what a hostile model would."""
    return subprocess.run(
        [sys.executable, "-I", "-c", _LOCK + code], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize(
    "deed",
    [
        "open('/etc/passwd').read()",
        "open('../../etc/passwd').read()",
        "os.open('/tmp/left-behind', os.O_CREAT | os.O_WRONLY)",
        "os.listdir('/')",
        "os.unlink('/tmp/nothing')",
        "socket.socket()",
        "socket.socketpair()",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "subprocess.run(['/bin/true'])",
        "os.kill(os.getppid(), 9)",
        "os.setuid(0)",
    ],
)
def test_what_arithmetic_does_not_need_is_refused(deed: str) -> None:
    done = locked(f"""
try:
    {deed}
except PermissionError:
    sys.stdout.write("refused")
""")
    assert done.stdout == "refused", done.stderr


def test_a_fork_bomb_makes_no_process() -> None:
    done = locked("""
refused = 0
for _ in range(1000):
    try:
        os.fork()
    except PermissionError:
        refused += 1
sys.stdout.write(str(refused))
""")
    assert done.stdout == "1000", done.stderr


def test_memory_ends_where_it_is_said_to() -> None:
    done = locked("""
try:
    bytearray(2 << 30)
except MemoryError:
    sys.stdout.write("enough")
""")
    assert done.stdout == "enough", done.stderr


def test_time_ends_where_it_is_said_to() -> None:
    assert locked("while True: pass").returncode < 0


def test_arithmetic_goes_on() -> None:
    assert locked("sys.stdout.write(str(sum(range(1000))))").stdout == "499500"


def test_threads_of_its_own_are_no_process() -> None:
    done = locked("""
found = []
one = threading.Thread(target=lambda: found.append(1))
one.start()
one.join()
sys.stdout.write(str(found))
""")
    assert done.stdout == "[1]", done.stderr
