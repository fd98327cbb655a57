"""What is kept of a file's status, as numbers that the database holds: 64 bits with a sign.

Inodes have no sign and use the whole 64 bits on some network file systems; times after the year 2262 are larger.
"""

from __future__ import annotations

import os

_HIGHEST = 2**63 - 1


def inode(status: os.stat_result) -> int:
    """The file's number on its disk."""
    return status.st_ino if status.st_ino <= _HIGHEST else status.st_ino - 2**64


def modified_ns(status: os.stat_result) -> int:
    """When it was last changed, in nanoseconds since 1970; the nearest that can be kept."""
    return _kept(status.st_mtime_ns)


def status_changed_ns(status: os.stat_result) -> int:
    """When anything of it was last changed, its times and permissions too. Nobody can set that."""
    return _kept(status.st_ctime_ns)


def _kept(moment: int) -> int:
    return max(-_HIGHEST, min(moment, _HIGHEST))
