"""Places of the weights, all over each file: where numbers should be and zeros are, a download was never finished.

Finds what sizes and headers cannot show, and no more than that: a changed number is found by a checksum only. Zeros
that are meant are no fault: of adapters before training, of norms and biases, of words in no vocabulary.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from time import monotonic
from typing import BinaryIO

from app.models.findings import Finding, refuse, some, warn
from app.models.listing import Listed
from app.models.safetensors import Header, Tensor

EACH = 128  # places of a file: of a hundredth of it that is missing, one is seen
FIRST = 200  # places of a model that are looked at however slow the disk is
SECONDS = 1.0  # after which the others are left out
LOOK = 4096  # bytes of each
MOST_UNUSED = 16 << 20  # bytes of rows of an embedding that no word uses
LEAST = 64 << 10  # bytes; smaller tensors may be zeros by right
DENSE = re.compile(r"(?:weight|qweight|weight_packed|_blocks|_proj)$")
# zeros before training, or for good
MEANT = re.compile(r"lora_B|lora_embedding_A|norm|bias|position")
PADDED = re.compile(r"embed|lm_head|output\.weight$|word")  # rows that nothing uses are zeros; most stand at the end
FETCH = "The download did not finish, or the disk lost it: fetch the file anew, premise models fetch."
WAIVE = 'If the zeros are meant, waive it by name in the settings: model_waivers = ["NAME:zeroed"].'


@dataclass(kw_only=True)
class Sampled:
    """What was looked at, and what came of it."""

    places: int = 0
    whole: bool = True  # every file at most of its places; else time ran out, or its tensors are small or may be zeros
    findings: list[Finding] = field(default_factory=list)


class _File:
    """A file with its tensors in the order in which they lie."""

    def __init__(self, file: Listed, header: Header) -> None:
        self.file, self.data = file, header.data
        self.tensors = sorted(((tensor.begin, name, tensor) for name, tensor in header.tensors.items()))
        self.begins = [begin for begin, _, _ in self.tensors]
        self.empty: set[str] = set()  # names of tensors with zeros
        self.looked = 0
        length = max((tensor.end for _, _, tensor in self.tensors), default=0)
        ends = [tensor.end - LOOK for _, name, tensor in self.tensors if _dense(name, tensor)][-1:]
        self.places = [*ends, *(length * at // EACH for at in range(1, EACH) if length >= EACH * LOOK)]

    def look(self, places: list[int]) -> None:
        """Look at these, in bytes from the end of the header."""
        try:
            with self.file.path.open("rb", buffering=0) as opened:
                for place in places:
                    begin, name, tensor = self.tensors[bisect_right(self.begins, place) - 1]
                    if not _dense(name, tensor):
                        continue
                    self.looked += 1
                    at = min(max(place, begin), tensor.end - LOOK)
                    if self._nothing(opened, at) and (not PADDED.search(name) or self._row(opened, tensor, at)):
                        self.empty.add(name)
        except OSError:
            return  # said elsewhere, where the header is read

    def _row(self, opened: BinaryIO, tensor: Tensor, at: int) -> bool:
        """Whether zeros among words are more than the rows of some that are not used: before and after, too."""
        apart = min(tensor.bytes // 10, MOST_UNUSED)
        before, after = max(tensor.begin, at - apart), min(tensor.end - LOOK, at + apart)
        return all(self._nothing(opened, place) for place in (before, after) if place != at)

    def _nothing(self, opened: BinaryIO, at: int) -> bool:
        opened.seek(self.data + at)
        return not any(opened.read(LOOK))

    def meant(self, name: str) -> bool:
        """Whether a tensor is zeros from its first number to its last, and its neighbours are none.

        A download that broke off ends anywhere, but not just there.
        """
        at = next(index for index, (_, one, _) in enumerate(self.tensors) if one == name)
        tensor = self.tensors[at][2]
        if at == 0 or at + 1 == len(self.tensors):
            return False
        last, following = self.tensors[at - 1][2], self.tensors[at + 1][2]
        try:
            with self.file.path.open("rb", buffering=0) as opened:
                inside = all(self._nothing(opened, place) for place in (tensor.begin, tensor.end - LOOK))
                opened.seek(self.data + max(last.begin, last.end - LOOK))
                beside = any(opened.read(min(LOOK, last.bytes)))
                opened.seek(self.data + following.begin)
                return inside and beside and any(opened.read(min(LOOK, following.bytes)))
        except OSError:
            return False


def sampled(files: list[Listed], headers: dict[str, Header]) -> Sampled:
    """Look at places all over the files, the end of each among them. Reads 4 KiB a place."""
    found = Sampled()
    each = [_File(file, headers[file.name]) for file in files if file.name in headers and headers[file.name].tensors]
    step = -(-EACH * len(each) // FIRST)
    for one in each:
        one.look([place for at, place in enumerate(one.places) if at % step == 0])
    until = monotonic() + SECONDS
    for one in each:
        if monotonic() > until:
            break
        one.look([place for at, place in enumerate(one.places) if at % step])
    for one in each:
        found.places += one.looked
        found.whole &= one.looked > EACH * 3 // 4
        _tell(found, one)
    return found


def _tell(found: Sampled, one: _File) -> None:
    meant = sorted(name for name in one.empty if one.meant(name))
    holes = sorted(one.empty - set(meant))
    file = one.file.name
    if holes:
        says = f"{file} has nothing but zeros where numbers should be, looked at in {one.looked} places: {some(holes)}."
        found.findings.append(refuse("zeroed", says, f"{FETCH} {WAIVE}", file))
    if meant:
        says = f"{file}: {some(meant)} is zeros from its first number to its last, between others that are not."
        found.findings.append(warn("zero-tensor", says, "So are layers before training; else fetch it anew.", file))


def _dense(name: str, tensor: Tensor) -> bool:
    return tensor.bytes >= LEAST and DENSE.search(name) is not None and MEANT.search(name) is None
