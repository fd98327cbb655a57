"""The filter of system calls, step by step as the kernel takes it, for the machines that are not at hand too."""

from __future__ import annotations

import errno
import struct

import pytest

from storage import cutoff

ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | errno.EACCES
LOCAL, INTERNET, INTERNET6, RAW, NETLINK = 1, 2, 10, 17, 16
# linux/audit.h and elf-em.h; asm-generic/unistd.h, which is aarch64's, and asm/unistd_64.h
AARCH64, X86, ARM, I386 = 0xC0000000 | 183, 0xC0000000 | 62, 0x40000000 | 40, 0x40000000 | 3
NUMBERS = {
    "aarch64": {
        "socket": 198, "io_uring_setup": 425, "pidfd_getfd": 438, "ptrace": 117, "process_vm_readv": 270,
        "process_vm_writev": 271, "openat": 56, "socketpair": 199, "connect": 203, "clone": 220, "execve": 221,
    },
    "x86_64": {
        "socket": 41, "io_uring_setup": 425, "pidfd_getfd": 438, "ptrace": 101, "process_vm_readv": 310,
        "process_vm_writev": 311, "openat": 257, "socketpair": 53, "connect": 42, "clone": 56, "execve": 59,
    },
}  # fmt: skip


def verdict(program: bytes, architecture: int, number: int, argument: int = 0) -> int:
    """What the kernel's filter machine says of a call: of its instructions those that the filter uses."""
    call = struct.pack("=IIQ6Q", number, architecture, 0, argument, 0, 0, 0, 0, 0)  # struct seccomp_data
    steps = list(struct.iter_unpack("=HBBI", program))
    loaded = place = 0
    while True:
        what, yes, no, value = steps[place]
        place += 1
        if what == 0x06:  # BPF_RET | BPF_K
            return int(value)
        if what == 0x20:  # BPF_LD | BPF_W | BPF_ABS
            loaded = struct.unpack_from("=I", call, value)[0]
        elif what in (0x15, 0x35):  # BPF_JMP | BPF_JEQ and BPF_JGE | BPF_K
            place += yes if (loaded == value if what == 0x15 else loaded >= value) else no
        else:
            raise AssertionError(f"an instruction that this machine does not know: {what:#x}")


@pytest.mark.parametrize(("machine", "own", "other"), [("aarch64", AARCH64, ARM), ("x86_64", X86, I386)])
def test_only_local_sockets_and_no_way_around(machine: str, own: int, other: int) -> None:
    program = cutoff._program(*cutoff._MACHINES[machine])
    numbers = NUMBERS[machine]
    families = {family: verdict(program, own, numbers["socket"], family) for family in range(64)}
    assert {family for family, said in families.items() if said == ALLOWED} == {LOCAL}
    assert {families[family] for family in (INTERNET, INTERNET6, RAW, NETLINK)} == {REFUSED}
    for name in ("io_uring_setup", "pidfd_getfd", "ptrace", "process_vm_readv", "process_vm_writev"):
        assert verdict(program, own, numbers[name]) == REFUSED, name
    for name in ("openat", "socketpair", "connect", "clone", "execve"):
        assert verdict(program, own, numbers[name]) == ALLOWED, name
    for number in range(512):  # whatever another numbering calls so
        assert verdict(program, other, number, LOCAL) == REFUSED
    assert verdict(program, own, numbers["socket"] | 0x40000000, LOCAL) == REFUSED  # x32
    # the upper half of a family is nothing to the kernel, so it must be nothing here
    assert verdict(program, own, numbers["socket"], INTERNET | 1 << 32) == REFUSED
