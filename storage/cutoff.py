"""Takes the network away from this process and from all it will start, before a file of strangers is opened in it.

By two means, since a system may refuse either. An empty network namespace: the kernel of many containers lets nobody
make one. And a filter of system calls (seccomp), which a process may always lay upon itself: no socket but local ones,
none by way of io_uring, of another system's calls, or out of another process. Knows Linux on x86-64 and aarch64;
elsewhere only the namespace is tried. Written by hand, since every library for it needs libseccomp on the host.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
from pathlib import Path

NAMESPACE, FILTER = "namespace", "filter"  # what holds, as `cut_off` says it
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SET_SECCOMP, _SET_NO_NEW_PRIVILEGES, _MODE_FILTER = 22, 38, 2  # of prctl
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_LOAD, _IS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # of the kernel's filter machine
_NUMBER, _ARCHITECTURE, _DOMAIN = 0, 4, 16  # where it finds a call's number, whose calls those are, the first argument
_AF_UNIX = 1
_X32 = 0x40000000  # calls of x86-64's other numbering, and what no other numbering reaches
_MACHINES = {  # AUDIT_ARCH, socket; io_uring_setup, pidfd_getfd, ptrace, process_vm_readv, process_vm_writev
    "x86_64": (0xC000003E, 41, (425, 438, 101, 310, 311)),
    "aarch64": (0xC00000B7, 198, (425, 438, 117, 270, 271)),
}


def cut_off() -> list[str]:
    """Leave the network by each means. Returns those that hold; never fails. Before any thread: none may leave then."""
    return [name for name, holds in ((NAMESPACE, _leave()), (FILTER, _filter())) if holds]


def _leave() -> bool:
    """Into a network namespace that has nothing, not even loopback."""
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


def _filter() -> bool:
    """No more calls that make or take a socket, for good: no process takes its filter off, and children inherit it."""
    machine = os.uname().machine
    if machine not in _MACHINES:
        return False
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is None or prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:  # the kernel asks this of who is not root
        return False
    program = _program(*_MACHINES[machine])
    kept = ctypes.create_string_buffer(program)
    described = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(kept)))
    return bool(prctl(_SET_SECCOMP, _MODE_FILTER, described, 0, 0) == 0)


def _program(architecture: int, socket: int, refused: tuple[int, ...]) -> bytes:
    """The filter in the kernel's form. A jump counts the steps it leaves out; the last two end it."""
    steps: list[tuple[int, int, str, str]] = [  # what, with which number, where to if so, and if not ("": the next)
        (_LOAD, _ARCHITECTURE, "", ""),
        (_IS, architecture, "", "refuse"),
        (_LOAD, _NUMBER, "", ""),
        (_AT_LEAST, _X32, "refuse", ""),
        *((_IS, number, "refuse", "") for number in refused),
        (_IS, socket, "", "allow"),
        (_LOAD, _DOMAIN, "", ""),  # its lower half; the kernel looks at no more of it
        (_IS, _AF_UNIX, "allow", "refuse"),
    ]
    ends = {"allow": len(steps), "refuse": len(steps) + 1}

    def away(place: int, target: str) -> int:
        return ends[target] - place - 1 if target else 0

    written = [struct.pack("=HBBI", what, away(n, yes), away(n, no), k) for n, (what, k, yes, no) in enumerate(steps)]
    return b"".join([*written, *(struct.pack("=HBBI", _RETURN, 0, 0, value) for value in (_ALLOW, _REFUSE))])
