"""A few places of the weights, looked at: where numbers should be and zeros are, a download was never finished.

Finds what sizes and headers cannot show, and no more than that: a changed number is found by a checksum only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.models.findings import Finding, refuse
from app.models.listing import Listed
from app.models.safetensors import Header, Tensor

MOST = 200  # places of a model: two seconds on a slow disk
LOOK = 4096  # bytes of each
LEAST = 64 << 10  # bytes; smaller tensors may be zeros by right
DENSE = re.compile(r"(?:weight|qweight|weight_packed|_blocks|_proj)$")
# trained matrices of these may have rows of zeros: words that are in no vocabulary, adapters before training
PADDED = re.compile(r"embed|lm_head|output\.weight$|word|lora_|norm|bias|position")


@dataclass(kw_only=True)
class Sampled:
    """What was looked at, and what came of it."""

    places: int = 0
    findings: list[Finding] = field(default_factory=list)


def sampled(files: list[Listed], headers: dict[str, Header]) -> Sampled:
    """Look at the ends of tensors all over the files, the last of each file among them. Reads 4 KiB a place."""
    found = Sampled()
    each = max(2, MOST // max(len(files), 1))
    for file in files:
        header = headers.get(file.name)
        if header is None or not header.tensors or found.places >= MOST:
            continue
        dense = sorted(
            ((tensor.end, name, tensor) for name, tensor in header.tensors.items() if _dense(name, tensor)),
            reverse=True,
        )
        chosen = dense[:: max(1, -(-len(dense) // each))]  # the last tensor first, then evenly towards the beginning
        empty = [name for _, name, tensor in chosen if _zeros(file, header, name, tensor)]
        found.places += len(chosen)
        if empty:
            says = f"{file.name} has nothing but zeros at {len(empty)} of {len(chosen)} places: in {empty[0]} for one."
            do = "The download did not finish, or the disk lost it. Fetch the file anew: premise models fetch."
            found.findings.append(refuse("zeroed", says, do, file.name))
    return found


def _dense(name: str, tensor: Tensor) -> bool:
    return tensor.bytes >= LEAST and DENSE.search(name) is not None


def _zeros(file: Listed, header: Header, name: str, tensor: Tensor) -> bool:
    ends = [tensor.end]
    if PADDED.search(name):  # rows that nothing uses stand at the end: look before them as well
        ends.append(tensor.begin + tensor.bytes * 9 // 10)
    try:
        with file.path.open("rb", buffering=0) as opened:
            for end in ends:
                opened.seek(header.data + end - LOOK)
                if any(opened.read(LOOK)):
                    return False
    except OSError:
        return False  # said elsewhere, where the header is read
    return True
