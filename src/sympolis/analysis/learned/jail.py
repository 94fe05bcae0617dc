"""Locks the present process in before it touches a stranger's model: it may compute, and answer on what is open.

No file can be opened, no socket made, no process or program started, and memory and CPU time end where they are said
to (Linux: a seccomp filter that allows what arithmetic needs and answers EPERM to everything else, and resource
limits). What is needed has to be imported before. There is no way back, and no way around it from inside: where the
kernel cannot do this, ``lock`` raises, and a stranger's model is not run at all.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import signal
import struct
import sys
from collections.abc import Mapping
from typing import Final

from sympolis.domain import errors

_NO_NEW_PRIVS: Final = 38
_SET_SECCOMP: Final = 22
_PARENT_DEATH: Final = 1
_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000
_KILL: Final = 0x80000000
_LOAD, _EQUAL, _SET, _RETURN = 0x20, 0x15, 0x45, 0x06
"""BPF: load a word, jump if equal, jump if any bit is set, return."""
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_THREAD: Final = 0x00010000
"""CLONE_THREAD: a thread of this process; a clone without it is another process."""
_ARCHITECTURES: Final[Mapping[str, tuple[int, int]]] = {
    "x86_64": (0xC000003E, 0),
    "aarch64": (0xC00000B7, 1),
}
_CALLS: Final[Mapping[str, tuple[int, int]]] = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "close": (3, 57), "fstat": (5, 80),
    "lseek": (8, 62), "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214),
    "mremap": (25, 216), "madvise": (28, 233), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "sched_yield": (24, 124), "getpid": (39, 172),
    "gettid": (186, 178), "futex": (202, 98), "exit": (60, 93), "exit_group": (231, 94), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101), "gettimeofday": (96, 169),
    "getrandom": (318, 278), "sched_getaffinity": (204, 123), "getcpu": (309, 168), "set_robust_list": (273, 99),
    "rseq": (334, 293), "getrusage": (98, 165), "sysinfo": (99, 179), "uname": (63, 160), "poll": (7, -1),
    "ppoll": (271, 73),
}  # fmt: skip
"""System calls that arithmetic needs, by their numbers on x86_64 and aarch64 (-1: there is none)."""
_CLONE: Final = (56, 220)
_CLONE3: Final = 435
"""Its flags lie where a filter cannot look: there is none here, and libraries fall back to clone."""


def lock(*, memory_mb: int, cpu_s: int) -> None:
    """Lock this process in for good. Raises ``ModelFailed`` where that is not possible here."""
    if not sys.platform.startswith("linux") or platform.machine() not in _ARCHITECTURES:
        raise _impossible(f"not on {sys.platform} {platform.machine()}")
    _limit(memory_mb, cpu_s)
    library = ctypes.CDLL(None, use_errno=True)
    program = _program(*_ARCHITECTURES[platform.machine()])
    buffer = ctypes.create_string_buffer(program, len(program))
    filters = _Program(len(program) // 8, ctypes.addressof(buffer))
    for arguments in (
        (_PARENT_DEATH, signal.SIGKILL, 0, 0, 0),
        (_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.byref(filters), 0, 0),
    ):
        if library.prctl(*arguments) != 0:
            raise _impossible(errno.errorcode.get(ctypes.get_errno(), "unknown"))


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filters", ctypes.c_void_p))


def _limit(memory_mb: int, cpu_s: int) -> None:
    import resource

    size = memory_mb * 2**20
    for what, most in (
        (resource.RLIMIT_DATA, size),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _program(architecture: int, column: int) -> bytes:
    """The filter: another architecture's numbers end the process, a clone makes threads alone, the rest by the list."""
    numbers = [found[column] for found in _CALLS.values() if found[column] >= 0]
    allowed = [_step(_EQUAL, number, 0, 1) + _step(_RETURN, _ALLOW) for number in numbers]
    clone = (
        _step(_EQUAL, _CLONE[column], 0, 4)
        + _step(_LOAD, _FIRST_ARGUMENT_AT)
        + _step(_SET, _THREAD, 0, 1)
        + _step(_RETURN, _ALLOW)
        + _step(_RETURN, _REFUSE | errno.EPERM)
    )
    return (
        _step(_LOAD, _ARCHITECTURE_AT)
        + _step(_EQUAL, architecture, 1, 0)
        + _step(_RETURN, _KILL)
        + _step(_LOAD, _NUMBER_AT)
        + b"".join(allowed)
        + _step(_EQUAL, _CLONE3, 0, 1)
        + _step(_RETURN, _REFUSE | errno.ENOSYS)
        + clone
        + _step(_RETURN, _REFUSE | errno.EPERM)
    )


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    """``struct sock_filter``."""
    return struct.pack("=HBBI", code, true, false, value)


def _impossible(why: str) -> errors.ModelFailed:
    return errors.ModelFailed(
        f"a model of a stranger cannot be locked in here: {why}",
        where="jail",
        hint="run it on Linux (x86_64 or aarch64) with seccomp",
    )
