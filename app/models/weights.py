"""The weights of a model directory against its index: every shard whole, every tensor once and where it is said to be.

Pickles are never opened beyond their first bytes, never loaded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from app.models.findings import Finding, note, refuse, size, some, warn
from app.models.listing import Listed, Listing, sparse
from app.models.safetensors import PICKLE, Header, Tensor, once, read_header
from app.models.samples import sampled

INDEX = "model.safetensors.index.json"
LARGEST_JSON = 64 << 20  # bytes; indexes of the largest models have about 15 MB
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".pdparams", ".dill", ".th", ".npy", ".npz")
OTHER_FORMATS = (".gguf", ".ggml", ".h5", ".keras", ".msgpack", ".onnx", ".tflite", ".ot")
LEFTOVERS = re.compile(r"(^|/)(training_args|optimizer|scheduler|rng_state(_\d+)?|trainer_state|scaler)\.\w+$")
SHARD = re.compile(r"^(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.safetensors$")
MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
CONVERT = "Use the publisher's safetensors files, or convert it elsewhere, in a sandbox, and check the result."


@dataclass(kw_only=True)
class Weights:
    """The tensors of all the files that are loaded, and what is wrong with them."""

    files: list[Listed] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    places: int = 0  # that were looked at, beyond the headers
    sampled: bool = False  # at so many in every file that a hole of a hundredth of it is seen
    elsewhere: bool = False  # there are weights in a form that is not loaded: pickles, GGUF …
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.bytes for tensor in self.tensors.values())


def read_weights(listed: Listing, stem: str = "model") -> Weights:
    """Read every header in the directory's top folder; `adapter_model` for an adapter."""
    found = Weights()
    every = listed.of(".safetensors")
    # Mistral puts the same weights a second time into consolidated*.safetensors, under its own names
    spare = [file for file in every if "/" not in file.name and file.name.startswith("consolidated")]
    files = [file for file in every if "/" not in file.name and file not in spare] or spare
    found.files = files
    index = _index(listed, found)
    headers = {}
    for file in [*files, *(file for file in every if "/" in file.name)]:
        header, wrong = read_header(file)
        found.findings += wrong
        if "/" not in file.name:
            headers[file.name] = header
    if index is not None:
        _against_index(found, listed, headers, index)
    else:
        _numbered(found, headers)
    _gather(found, headers)
    _one_set(found, headers, index, stem)
    if spare and spare != files:
        says = f"{some([file.name for file in spare])} hold the weights a second time and are not used."
        found.findings.append(note("weights-twice", says, "They may be deleted to save disk.", spare[0].name))
    found.findings += sparse([file for file in listed.files.values() if file in every or file.size > 1 << 20])
    whole = [file for file in files if not any(item.file == file.name for item in found.findings)]
    looked = sampled(whole, headers)
    found.places, found.sampled = looked.places, looked.whole
    found.findings += looked.findings
    found.findings += pickles(listed)
    found.elsewhere = any(finding.code in ("pickles-only", "no-safetensors") for finding in found.findings)
    return found


def _index(listed: Listing, found: Weights) -> dict[str, str] | None:
    """Tensor to file, as the index says; None when there is none or it cannot be used."""
    file = listed.files.get(INDEX)
    if file is None:
        return None
    if file.size > LARGEST_JSON:
        says = f"{INDEX} has {size(file.size)}, more than any real index."
        found.findings.append(refuse("bad-index", says, "Fetch it anew.", INDEX))
        return None
    try:
        raw: Any = json.loads(file.path.read_bytes(), object_pairs_hook=once)
        mapped = raw["weight_map"]
        if not mapped or not all(isinstance(value, str) for value in mapped.values()):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        twice = type(error).__name__ == "_Twice"
        says = f"{INDEX} names {error} twice." if twice else f"{INDEX} is damaged: it maps no tensors to files."
        found.findings.append(refuse("index-names-twice" if twice else "bad-index", says, "Fetch it anew.", INDEX))
        return None
    total = (raw.get("metadata") or {}).get("total_size") if isinstance(raw.get("metadata"), dict) else None
    return _one_spelling(found, listed, mapped, total)


def _one_spelling(found: Weights, listed: Listing, mapped: dict[str, str], total: object) -> dict[str, str]:
    """The index with plain file names; names that leave the folder or name one file in two ways are findings."""
    names = sorted(set(mapped.values()))
    outside = [name for name in names if name.startswith(("/", "\\")) or ".." in PurePosixPath(name).parts]
    if outside:
        says = f"{INDEX} names files outside the directory: {some(outside)}."
        found.findings.append(refuse("index-outside", says, "Do not load it. Fetch the model anew.", INDEX))
    plain = {name: PurePosixPath(name).as_posix() for name in names}
    seen: dict[object, str] = {}
    for name in names:
        at = listed.files.get(plain[name])
        key: object = at.inode if at else plain[name].casefold()
        if key in seen:
            says = f"{INDEX} names one file twice: as {seen[key]} and as {name}."
            found.findings.append(refuse("index-file-twice", says, "Fetch the index and its files anew.", INDEX))
        seen.setdefault(key, name)
    if isinstance(total, int) and listed.files:
        there = sum(listed.files[name].size for name in set(plain.values()) if name in listed.files)
        if total > there and not any(name not in listed.files for name in plain.values()):
            says = f"{INDEX} speaks of {size(total)} of weights, the files hold {size(there)}."
            found.findings.append(warn("index-size", says, "Compare with the publisher's page.", INDEX))
    return {tensor: plain[name] for tensor, name in mapped.items()}


def _against_index(found: Weights, listed: Listing, headers: dict[str, Header], index: dict[str, str]) -> None:
    absent = sorted({name for name in index.values() if name not in listed.files})
    for name in absent:
        says = f"{name} is missing: {INDEX} names it for {sum(1 for at in index.values() if at == name)} tensors."
        found.findings.append(refuse("shard-missing", says, "Fetch the file: premise models fetch.", name))
    holder = {tensor: header.file for header in headers.values() for tensor in header.tensors}
    damaged = {name for name, header in headers.items() if not header.tensors}
    lost = [tensor for tensor, name in index.items() if tensor not in holder and name not in {*absent, *damaged}]
    if lost:
        says = f"{len(lost)} tensors of the index are in no file: {some(lost)}."
        found.findings.append(refuse("tensor-missing", says, "Fetch index and shards anew, of one revision.", INDEX))
    moved = [
        f"{tensor} (said: {name}, is: {holder[tensor]})"
        for tensor, name in index.items()
        if tensor in holder and name in headers and tensor not in headers[name].tensors and name not in damaged
    ]
    if moved:
        says = f"{len(moved)} tensors lie in another file than the index says: {some(moved, 2)}."
        found.findings.append(
            refuse("tensor-in-wrong-shard", says, "Fetch index and shards anew, of one revision.", INDEX)
        )
    unnamed = [tensor for tensor in holder if tensor not in index]
    if unnamed and not absent:
        says = f"{len(unnamed)} tensors are in files but not in the index: {some(unnamed)}."
        found.findings.append(warn("tensor-unnamed", says, "Index and shards may be of two revisions.", INDEX))
    if not lost and not moved:
        extra = sorted(set(headers) - set(index.values()))
        if extra:
            says = f"{some(extra)} are not named in the index."
            found.findings.append(warn("shard-unnamed", says, "Are they of another revision? Take them out.", extra[0]))


def _numbered(found: Weights, headers: dict[str, Header]) -> None:
    """Without an index the names of the shards say how many there must be."""
    sets: dict[tuple[str, int], set[int]] = {}
    for name in headers:
        if match := SHARD.match(name):
            sets.setdefault((match["stem"], int(match["count"])), set()).add(int(match["number"]))
    for (stem, count), numbers in sets.items():
        missing = [f"{stem}-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)][:99_999]
        missing = [name for name in missing if name not in headers]
        if missing:
            says = f"{len(missing)} of {count} shards are missing: {some(missing)}."
            found.findings.append(refuse("shard-missing", says, "Fetch them: premise models fetch.", missing[0]))
        if len(numbers) > 1 and not any(finding.file == INDEX for finding in found.findings):
            says = f"{INDEX} is missing, though the weights are in {len(numbers)} files."
            found.findings.append(warn("index-missing", says, "Fetch it: premise models fetch.", INDEX))


def _gather(found: Weights, headers: dict[str, Header]) -> None:
    twice = []
    for header in headers.values():
        for name, tensor in header.tensors.items():
            if name in found.tensors:
                twice.append(f"{name} (again in {header.file})")
            found.tensors[name] = tensor
    if twice:
        says = f"{len(twice)} tensors are in two files: {some(twice)}."
        found.findings.append(refuse("tensor-twice", says, "Which is right cannot be told: fetch the model anew."))


def _one_set(found: Weights, headers: dict[str, Header], index: dict[str, str] | None, stem: str) -> None:
    whole = f"{stem}.safetensors"
    if index is None and headers and whole not in headers and not any(SHARD.match(name) for name in headers):
        says = f"The weights are in {some(sorted(headers))}, not in {whole}."
        found.findings.append(warn("unusual-name", says, "Servers may not find them under this name."))


def pickles(listed: Listing) -> list[Finding]:
    """What is said about pickles and other formats: refused where a folder has nothing better, else to be deleted."""
    found = []
    safe_folders = {PurePosixPath(file.name).parent for file in listed.of(".safetensors")}
    weights = [file for file in _pickled(listed) if not LEFTOVERS.search(file.name)]
    alone = [file.name for file in weights if PurePosixPath(file.name).parent not in safe_folders]
    beside = [file.name for file in weights if PurePosixPath(file.name).parent in safe_folders]
    left = [file.name for file in _pickled(listed) if LEFTOVERS.search(file.name)]
    if alone:
        says = f"The weights are pickles only: {some(alone)}. {PICKLE}"
        found.append(refuse("pickles-only", says, CONVERT, alone[0]))
    if beside:
        says = f"Pickles lie beside the safetensors, of which only those are loaded: {some(beside)}. {PICKLE}"
        found.append(warn("pickles-beside", says, "Delete them: nothing needs them.", beside[0]))
    if left:
        says = f"Leftovers of training, which are pickles: {some(left)}."
        found.append(warn("training-leftovers", says, "Delete them: serving needs none of them.", left[0]))
    other = [file.name for file in listed.of(*OTHER_FORMATS) if file.name.split("/")[0] not in ("onnx", "openvino")]
    if other and not listed.of(".safetensors") and not alone:
        says = f"The weights are in another format: {some(other)}."
        found.append(refuse("no-safetensors", says, "Fetch the publisher's safetensors.", other[0]))
    return found


def _pickled(listed: Listing) -> list[Listed]:
    """Pickles by their name, and files of any other name that begin as one."""
    named = [file for file in listed.of(*PICKLES) if not listed.has(file.name.removesuffix(".bin") + ".xml")]
    known = {file.name for file in named}
    for file in listed.files.values():
        if file.name in known or file.name.lower().endswith(".safetensors"):
            continue
        try:
            with file.path.open("rb") as opened:
                start = opened.read(4)
        except OSError:
            continue
        if start.startswith(MAGIC):  # the last one is a zip, as torch writes pickles
            named.append(file)
    return named
