"""What is found about a model directory, in records. Knows no file and no format."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """What a finding means for serving the model."""

    REFUSE = "refuse"  # must not be served
    WARN = "warn"  # may be served; somebody should look
    NOTE = "note"  # good to know


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was found."""

    code: str  # stable, for scripts and for waivers
    severity: Severity
    says: str  # a whole sentence: what is, in which file
    do: str  # what to do about it
    file: str | None = None  # relative to the model directory

    def as_json(self) -> dict[str, Any]:
        """The object in the reports' `findings`."""
        return asdict(self)


def refuse(code: str, says: str, do: str, file: str | None = None) -> Finding:
    """A reason why the model must not be served."""
    return Finding(code=code, severity=Severity.REFUSE, says=says, do=do, file=file)


def warn(code: str, says: str, do: str, file: str | None = None) -> Finding:
    """Something a person should look at."""
    return Finding(code=code, severity=Severity.WARN, says=says, do=do, file=file)


def note(code: str, says: str, do: str = "", file: str | None = None) -> Finding:
    """Something good to know."""
    return Finding(code=code, severity=Severity.NOTE, says=says, do=do, file=file)


def size(count: float) -> str:
    """Bytes as people say them, in powers of 1024: 1.5 GiB."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1024
    return f"{count:,.1f} TiB"


def some(names: list[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
