"""How a process gives up its network, for itself and all that it starts, before it reads what nobody trusts.

Two ways, one beside the other: a network namespace of its own, which containers often forbid, and a filter of system
calls (seccomp), which they allow. Linux on x86-64 and ARM64; elsewhere neither. Nothing of it can be taken back.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import socket
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_FILTER = 2  # SECCOMP_MODE_FILTER
# linux/audit.h and the tables of system calls: what the kernel calls the processor, and its number of socket()
_PROCESSORS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_SETUP = 425  # on both; a ring makes sockets without calling socket()
_X32 = 0x40000000  # set in the numbers of x86-64's other calling convention
_NUMBER, _PROCESSOR, _FIRST = 0, 4, 16  # places in struct seccomp_data
_LOAD, _EQUAL, _LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF: LD|W|ABS, JMP|JEQ|K, JMP|JGE|K, RET|K
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EACCES


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def give_up_network() -> bool:
    """Both ways. True when at least one holds; never fails. Before any thread: a process with threads may not leave."""
    ways = (refuse_sockets(), leave_network())
    return any(ways)


def leave_network() -> bool:
    """Leave the network for an empty one. True when the system allowed it."""
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    if unshare is None:
        return False
    user, group = os.geteuid(), os.getegid()
    if user == 0 and unshare(_CLONE_NEWNET) == 0:
        return True
    if user == 0 or unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # the same person inside as outside, so that files stay readable
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return True


def refuse_sockets() -> bool:
    """Let the kernel refuse every socket but those of this host's own programs (AF_UNIX, which LibreOffice needs)."""
    known = _PROCESSORS.get(platform.machine())
    if known is None:
        return False
    processor, socket_call = known
    steps = (
        (_LOAD, 0, 0, _PROCESSOR),
        (_EQUAL, 0, 7, processor),  # a program for another processor (32 bits) has other numbers: no calls at all
        (_LOAD, 0, 0, _NUMBER),
        (_LEAST, 5, 0, _X32),
        (_EQUAL, 4, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 2, socket_call),
        (_LOAD, 0, 0, _FIRST),
        (_EQUAL, 0, 1, socket.AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    )
    instructions = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)
