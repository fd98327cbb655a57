"""The header of a safetensors file, read by hand: which tensors lie where. Reads no weights and runs nothing.

The format: 8 bytes little-endian length n, n bytes of JSON `{name: {dtype, shape, data_offsets}}`, then the tensors,
without gaps (safetensors' own format description).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from app.models.findings import Finding, refuse, size
from app.models.listing import Listed

MOST = 1 << 63  # above any offset or dimension
LONGEST_HEADER = 32 << 20  # bytes; the library itself refuses over 100,000,000, real ones stay under 10 MB
BITS = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "U16": 16,
    "I16": 16,
    "F16": 16,
    "BF16": 16,
    "U32": 32,
    "I32": 32,
    "F32": 32,
    "U64": 64,
    "I64": 64,
    "F64": 64,
    "C64": 64,
}
PICKLE = "A pickle runs code when it is loaded."
AGAIN = "Fetch the file anew: premise models fetch goes on where it stopped."


class Tensor(NamedTuple):
    """One tensor, as the header tells. A tuple, since large models have a hundred thousand."""

    dtype: str
    shape: tuple[int, ...]
    begin: int  # bytes from the end of the header
    end: int

    @property
    def numbers(self) -> int:
        """Numbers in it."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes it takes."""
        return self.end - self.begin


@dataclass(frozen=True, kw_only=True)
class Header:
    """The tensors of one file; empty where the file has findings that make it unusable."""

    file: str
    tensors: dict[str, Tensor]
    metadata: dict[str, str]
    data: int = 0  # bytes before the first tensor


class _Twice(ValueError):
    """A name stands twice in one JSON object."""


def read_header(file: Listed) -> tuple[Header, list[Finding]]:
    """The header and what is wrong with the file. Reads the header's bytes only."""
    nothing = Header(file=file.name, tensors={}, metadata={})
    try:
        with file.path.open("rb") as opened:
            start = opened.read(8)
            if len(start) < 8:
                return nothing, [_cut(file, f"{file.name} has {file.size} bytes, too few for a header.")]
            (length,) = struct.unpack("<Q", start)
            if (wrong := _length(file, start, length)) is not None:
                return nothing, [wrong]
            text = opened.read(length)
    except OSError as error:
        return nothing, [refuse("unreadable", f"{file.name} cannot be read: {error.strerror}.", AGAIN, file.name)]
    return _parse(file, text)


def _length(file: Listed, start: bytes, length: int) -> Finding | None:
    if start[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") or start[:4] == b"PK\x03\x04":
        says = f"{file.name} is a pickle under the name of a safetensors file. {PICKLE}"
        return refuse("pickle-in-disguise", says, "Do not load it. Fetch the model from its publisher.", file.name)
    if start.startswith(b"version "):
        says = f"{file.name} is a Git LFS pointer, not the file itself."
        return refuse("lfs-pointer", says, "Fetch the file: git lfs pull, or premise models fetch.", file.name)
    if not any(start):
        return _cut(file, f"{file.name} begins with zeros: nothing was written there.")
    if length > LONGEST_HEADER:
        says = f"{file.name} announces a header of {length:,} bytes; no real one is longer than {LONGEST_HEADER:,}."
        return refuse("bad-header", says, AGAIN, file.name)
    if length > file.size - 8:
        return _cut(file, f"{file.name} is cut short: its header alone has {length:,} bytes, the file {file.size:,}.")
    return None


def _parse(file: Listed, text: bytes) -> tuple[Header, list[Finding]]:
    nothing = Header(file=file.name, tensors={}, metadata={})
    try:
        raw = json.loads(text.decode("utf-8"), object_pairs_hook=once)
        if not isinstance(raw, dict):
            raise TypeError
        metadata = raw.pop("__metadata__", None) or {}
        tensors = {name: _tensor(value) for name, value in raw.items()}
    except _Twice as error:
        says = f"The header of {file.name} names {error} twice."
        return nothing, [refuse("tensor-twice", says, AGAIN, file.name)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        says = f"The header of {file.name} is not that of a safetensors file."
        return nothing, [refuse("bad-header", says, AGAIN, file.name)]
    kept = metadata if isinstance(metadata, dict) else {}
    header = Header(file=file.name, tensors=tensors, metadata=kept, data=8 + len(text))
    return header, _layout(file, header, data=file.size - 8 - len(text))


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For json.loads: an object in which no name stands twice. Raises: ValueError, naming it."""
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Twice(name)
            seen.add(name)
    return made


def _tensor(value: dict[str, Any]) -> Tensor:
    shape, offsets = value["shape"], value["data_offsets"]
    begin, end = offsets
    for number in (*shape, begin, end):
        if type(number) is not int or not 0 <= number < MOST:
            raise ValueError("a number of a tensor")
    if len(shape) > 32:
        raise ValueError("too many dimensions")
    return Tensor(dtype=str(value["dtype"]), shape=tuple(shape), begin=begin, end=end)


def _layout(file: Listed, header: Header, data: int) -> list[Finding]:
    """Whether the tensors fill the file exactly, as the format demands."""
    position = 0
    for name, tensor in sorted(header.tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        bits = BITS.get(tensor.dtype)
        if bits is None:
            says = f"{file.name}: {name} has the unknown number format {tensor.dtype[:40]!r}."
            return [refuse("unknown-dtype", says, "Nothing here can load it. Fetch the model anew.", file.name)]
        if tensor.begin != position or tensor.bytes * 8 != tensor.numbers * bits:
            says = f"{file.name}: the place of {name} in the file does not fit its shape or its neighbours."
            return [refuse("bad-layout", says, AGAIN, file.name)]
        position = tensor.end
    if position > data:
        return [_cut(file, f"{file.name} is cut short: {size(position - data)} of {size(position)} are missing.")]
    if position < data:
        says = f"{file.name} has {size(data - position)} that belong to no tensor."
        return [refuse("trailing-bytes", says, AGAIN, file.name)]
    return []


def _cut(file: Listed, says: str) -> Finding:
    return refuse("cut-short", says, AGAIN, file.name)
