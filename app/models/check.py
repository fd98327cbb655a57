"""The check of a model directory: whole, safe, allowed, how large, how open, how served. Loads and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.models import checksums
from app.models.architecture import LAYER, SERVED, Architecture, Kind, Quantisation, architecture, check_shapes, kind_of
from app.models.card import read_card
from app.models.configuration import Configuration, check_generation, check_tokenizer, read_configuration
from app.models.findings import Finding, Severity, note, refuse, some, warn
from app.models.hardware import Card
from app.models.licensing import Licensing, read_licences
from app.models.listing import Listing, listing
from app.models.memory import GIB, Split, Storage, can_split, split, stored_bits, weights
from app.models.openness import Openness, openness
from app.models.safetensors import Tensor, read_header
from app.models.serve import LORA_RANKS, Adapter, Command, command
from app.models.weights import Weights, read_weights

CONTEXTS = (4_096, 16_384, 32_768, 131_072)  # tokens, in the table of memory needed
MERGE = "Merge it into its base elsewhere, and serve that."
UNSERVED = {
    "use_dora": "DoRA",
    "lora_bias": "trained biases",
    "alora_invocation_tokens": "Activated LoRA",
    "layer_replication": "layers used twice",
    "use_bdlora": "block-diagonal LoRA",
    "use_qalora": "QALoRA",
}
PLAIN_BEGINNINGS = ("gaussian", "eva", "orthogonal", "mica", "lora_ga")  # after which the adapter fits the plain base
OTHER_HALF = re.compile(r"\.lora_(?:embedding_)?[AB](?=\.|$)")
ENOUGH = (Kind.LANGUAGE, Kind.EMBEDDER, Kind.RERANKER)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that was found."""

    directory: Path
    kind: Kind
    architecture: Architecture | None
    licensing: Licensing
    openness: Openness
    revision: str | None
    checksums: dict[str, int]  # {"hashed": …, "skipped": …, "places": looked at in the weights}
    weight_bytes: int
    memory: list[dict[str, Any]]
    command: Command | None
    base: Report | None = None  # of an adapter
    findings: list[Finding] = field(default_factory=list)

    @property
    def refused(self) -> list[Finding]:
        """Why it must not be served; empty when it may."""
        return [finding for finding in self.findings if finding.severity is Severity.REFUSE]

    @property
    def verdict(self) -> str:
        """refused, attention, or fit."""
        if self.refused:
            return "refused"
        return "attention" if any(finding.severity is Severity.WARN for finding in self.findings) else "fit"

    def as_json(self) -> dict[str, Any]:
        """The object of `premise models check --json`."""
        return {
            "directory": str(self.directory),
            "verdict": self.verdict,
            "kind": self.kind.value,
            "findings": [finding.as_json() for finding in self.findings],
            "architecture": self.architecture.as_json() if self.architecture else None,
            "weight_bytes": self.weight_bytes,
            "memory": self.memory,
            "licence": self.licensing.as_json(),
            "openness": self.openness.as_json(),
            "revision": self.revision,
            "checksums": self.checksums,
            "command": self.command.as_json() if self.command else None,
            "base": self.base.as_json() if self.base else None,
        }


def check(
    directory: Path,
    *,
    base: Path | None = None,
    cards: Sequence[Card] = (),
    context: int | None = None,
    quick: bool = False,
    tell: Callable[[str, int], None] | None = None,
) -> Report:
    """Check a directory; whatever is wrong with it is a finding, never an error.

    `base`: of a LoRA adapter; `cards`: to be served on; `context`: tokens; `quick`: hash no large file.
    """
    listed = listing(directory)
    made = read_configuration(listed) if listed.files else Configuration()
    card = read_card(listed)
    kind = kind_of(made, card.claims, directory.resolve().name) if listed.files else Kind.UNKNOWN
    held = read_weights(listed, "adapter_model" if kind is Kind.ADAPTER else "model") if listed.files else Weights()
    licensing = read_licences(listed, card) if listed.files else Licensing()
    verified = checksums.verify(listed, quick=quick, tell=tell)
    sizes = architecture(made.config, held.tensors) if made.config else None
    findings = [*listed.findings, *made.findings, *held.findings, *verified.findings]
    under = None
    if listed.files:
        findings += _of_kind(listed, made, held, kind, sizes)
        findings += licensing.findings
        findings += _unread(held, verified)
        if kind is Kind.ADAPTER:
            under = _base(findings, made, held, base, cards, context)
    served = directory.expanduser().absolute()
    return Report(
        directory=served,
        kind=kind,
        architecture=sizes,
        licensing=licensing,
        openness=openness(has_weights=bool(held.files) or held.elsewhere, licensing=licensing, card=card),
        revision=checksums.commit_of(listed),
        checksums={"hashed": verified.hashed, "skipped": verified.skipped, "places": held.places},
        weight_bytes=held.bytes,
        memory=_memory(kind, sizes, held.bytes, cards) if sizes and sizes.layers and held.bytes else [],
        command=_command(served, kind, sizes, held.bytes, cards, context, made, under),
        base=under,
        findings=_ordered(findings),
    )


def _unread(held: Weights, verified: checksums.Verified) -> list[Finding]:
    """What was not looked at, said as such."""
    unread = [file.name for file in held.files if file.name not in verified.covered]
    if not unread:
        return []
    why = "--quick leaves out large files" if verified.skipped else "no checksum of them came along"
    much = "a hundredth of a file that is missing" if held.sampled else "a larger part that is missing"
    says = (
        f"Not read whole: {some(unread)} ({why}). Looked at were sizes, headers, holes and {held.places} places: "
        f"{much} is found so, a changed number is not."
    )
    do = "Put the publisher's SHA256SUMS beside them, or fetch with premise models fetch, which keeps checksums."
    return [note("weights-not-read", says, "Check once without --quick." if verified.skipped else do, unread[0])]


def _of_kind(
    listed: Listing, made: Configuration, held: Weights, kind: Kind, sizes: Architecture | None
) -> list[Finding]:
    """What this kind of model has to have."""
    found: list[Finding] = _within(listed, kind)
    if not held.files and not any(finding.code in ("pickles-only", "no-safetensors") for finding in held.findings):
        says = "There are no weights: no file ends in .safetensors."
        found.append(refuse("no-weights", says, "Fetch them: premise models fetch."))
    if kind is Kind.ADAPTER:
        return found
    found += check_tokenizer(listed, made)
    if kind is Kind.LANGUAGE:
        found += check_generation(listed, made)
    if kind is Kind.UNKNOWN and made.config:
        said = made.config.get("architectures") or "none"
        names = ", ".join(map(str, said)) if isinstance(said, list) else str(said)
        says = f"It is no model that answers, embeds or ranks as far as is known here (architectures: {names[:200]})."
        found.append(warn("unknown-kind", says, "See whether `vllm serve` knows the architecture, and what it does."))
    if kind is Kind.RERANKER and sizes and sizes.name == "Qwen3ForCausalLM":
        says = "A reranker in the form of a language model: the server is told how to read its yes and no."
        found.append(note("reranker-by-overrides", says, "The command below holds the --hf-overrides it needs."))
    if sizes is not None:
        found += check_shapes(sizes, made.config, held.tensors)
        if sizes.quantisation is not None:
            found.append(_quantised(sizes.quantisation))
    return found


def _quantised(made: Quantisation) -> Finding:
    """How the weights are stored, and whether the server knows that way."""
    how = f"{made.method[:40]}, {made.bits or 'unknown'} bits"
    if made.method in SERVED:
        do = "vLLM finds that by itself; no option is needed."
        return note("quantised", f"The weights are quantised: {how}.", do)
    says = f"The weights are quantised in a way that vLLM does not serve: {how}."
    do = "Take the plain weights, or files in FP8, AWQ, GPTQ or compressed-tensors."
    return refuse("quantisation-unserved", says, do, "config.json")


def _within(listed: Listing, kind: Kind) -> list[Finding]:
    """Models in folders of the directory: adapters beside their base, or the model itself a folder further down."""
    marks = (
        ("/adapter_config.json",)
        if kind not in (Kind.UNKNOWN, Kind.ADAPTER)
        else ("/config.json", "/adapter_config.json")
    )
    folders = sorted({name.rpartition("/")[0] for name in listed.files if f"/{name}".endswith(marks) and "/" in name})
    if not folders:
        return []
    says = f"There is a model within it, in {some(folders)}, which is not checked with this one."
    return [note("model-within", says, f"Check it by itself: premise models check {listed.root / folders[0]}.")]


def _base(
    found: list[Finding],
    made: Configuration,
    held: Weights,
    base: Path | None,
    cards: Sequence[Card],
    context: int | None,
) -> Report | None:
    """The base model of an adapter, checked with it."""
    name = str(made.adapter.get("base_model_name_or_path") or "an unnamed model")[:200]
    strange = [tensor for tensor in held.tensors if "lora_" not in tensor and "modules_to_save" not in tensor]
    if made.adapter.get("peft_type") not in ("LORA", None):
        says = f"The adapter is of the type {made.adapter['peft_type']!r}; vLLM serves LoRA."
        found.append(refuse("adapter-type", says, MERGE))
    found += _unserved(made.adapter)
    if strange and held.tensors:
        says = f"{len(strange)} tensors of the adapter are no LoRA matrices."
        found.append(warn("adapter-tensors", says, "vLLM may refuse it: merge it into its base instead."))
    if base is None:
        says = f"This is a LoRA adapter: it changes {name} and cannot be served without it."
        found.append(
            refuse("adapter-needs-base", says, "Name the base's directory: --base DIR.", "adapter_config.json")
        )
        return None
    under = check(base, cards=cards, context=context, quick=True)
    headers = [read_header(file)[0] for file in listing(base).of(".safetensors") if "/" not in file.name]
    tensors = {name: tensor for header in headers for name, tensor in header.tensors.items()}
    found += _beside_base(held.tensors, tensors, under.architecture.layers if under.architecture else 0)
    for finding in under.refused:
        found.append(refuse(f"base-{finding.code}", f"The base model: {finding.says}", finding.do, finding.file))
    if base.resolve().name.lower() not in name.lower() and name.split("/")[-1].lower() not in str(base).lower():
        says = f"The adapter was trained on {name}; the base given is {base.resolve().name}."
        found.append(warn("adapter-base", says, "An adapter works with the base it was trained on only."))
    return under


def _beside_base(held: dict[str, Tensor], base: dict[str, Tensor], layers: int) -> list[Finding]:
    """Whether the adapter's matrices are two by two, and fit those of the base."""
    found = []
    deepest = max((int(match[1]) for name in held if (match := LAYER.search(name))), default=0)
    if layers and deepest >= layers:
        says = f"The adapter changes layer {deepest}; the base has the layers 0 to {layers - 1}."
        found.append(refuse("adapter-base", says, "Name the base that it was trained on."))
    single, strange = [], []
    for name, down in ((name, tensor) for name, tensor in held.items() if OTHER_HALF.search(name)):
        up = held.get(OTHER_HALF.sub(lambda half: ".lora_B" if half[0].endswith("A") else ".lora_A", name))
        if up is None:
            single.append(name)
        changed = base.get(f"{OTHER_HALF.split(name)[0].removeprefix('base_model.model.')}.weight")
        if ".lora_A" not in name or up is None or changed is None or min(len(up.shape), len(down.shape)) == 0:
            continue
        if changed.dtype not in ("BF16", "F16", "F32", "F8_E4M3"):
            continue  # packed: of another shape
        if changed.shape != (made := (up.shape[0], down.shape[-1])):
            strange.append(f"{name} ({' × '.join(map(str, made))} for {' × '.join(map(str, changed.shape))})")
    if single:
        says = f"Of {len(single)} matrices of the adapter the other half is in no file: {some(single)}."
        found.append(refuse("adapter-half", says, "Save the adapter anew where it was trained."))
    if strange:
        says = f"{len(strange)} matrices of the adapter do not fit the base's: {some(strange, 1)}."
        found.append(refuse("adapter-base", says, "Name the base that it was trained on."))
    return found


def rank(adapter: dict[str, Any]) -> int:
    """The largest rank of an adapter's matrices, which the server has to be told; 0 where it is none."""
    pattern = adapter.get("rank_pattern")
    said = [adapter.get("r"), *(pattern.values() if isinstance(pattern, dict) else ())]
    ranks = [one for one in said if type(one) is int and one > 0]
    return max(ranks) if len(ranks) == len(said) else 0


def _unserved(adapter: dict[str, Any]) -> list[Finding]:
    """What an adapter asks for that vLLM does not do (its vllm/lora/peft_helper.py)."""
    saved, begun = adapter.get("modules_to_save"), adapter.get("init_lora_weights")
    told = [f"{name} ({says})" for name, says in UNSERVED.items() if adapter.get(name)]
    if adapter.get("bias") not in (None, "none"):
        told.append("bias (trained biases)")
    if isinstance(saved, list) and set(saved) - {"classifier", "score"}:
        told.append("modules_to_save (whole layers of its own)")
    if isinstance(begun, str) and begun.lower() not in PLAIN_BEGINNINGS:
        told.append(f"init_lora_weights ({begun[:20]}: it belongs to a changed base)")
    if not 0 < rank(adapter) <= LORA_RANKS[-1]:
        largest = rank(adapter) or str(adapter.get("r"))[:20]
        told.append(f"r ({largest}; a rank from 1 to {LORA_RANKS[-1]} is served)")
    if not told:
        return []
    says = f"The adapter has what vLLM does not serve: {', '.join(told)}."
    return [refuse("adapter-unserved", says, MERGE, "adapter_config.json")]


def _memory(kind: Kind, sizes: Architecture, stored: int, cards: Sequence[Card]) -> list[dict[str, Any]]:
    """Memory needed at each storage, and what each context costs a person; with a card, who fits."""
    rows = []
    have = stored_bits(sizes)
    if kind is not Kind.LANGUAGE:  # read in one go: no cache, and nothing to gain from quantising
        stored_so = Storage(name=sizes.dtype, bits=have)
        count = weights(sizes, stored_so, stored=stored)
        return [{"storage": sizes.dtype, "as_stored": True, "weights_bytes": count, "contexts": []}]
    for storage in Storage.all():
        if storage.bits > max(have, 16):
            continue
        row: dict[str, Any] = {
            "storage": storage.name,
            "as_stored": storage.bits == have,
            "weights_bytes": weights(sizes, storage, stored=stored),
            "kv_bytes_per_token": 0,
            "contexts": [],
        }
        for context in [context for context in CONTEXTS if context <= (sizes.context or CONTEXTS[-1])]:
            part = _split(sizes, storage, cards, context, stored)
            row["kv_bytes_per_token"] = part.kv_token
            entry: dict[str, Any] = {"context": context, "kv_bytes": part.kv_person}
            if cards:
                entry |= {"fits": part.kv >= part.kv_person, "people_at_once": part.people, "cards": part.cards}
            row["contexts"].append(entry)
        rows.append(row)
    return rows


def _split(sizes: Architecture, storage: Storage, cards: Sequence[Card], context: int, stored: int) -> Split:
    card = min((item.bytes for item in cards), default=80 * GIB)
    count = max((n for n in (1, 2, 4, 8, 16) if n <= max(len(cards), 1) and can_split(sizes, n)), default=1)
    return split(sizes, storage, card=card, cards=count, context=context, stored=stored)


def _command(
    directory: Path,
    kind: Kind,
    sizes: Architecture | None,
    stored: int,
    cards: Sequence[Card],
    context: int | None,
    made: Configuration,
    under: Report | None,
) -> Command | None:
    if kind is Kind.ADAPTER:
        if under is None or under.architecture is None or under.command is None:
            return None
        adapter = Adapter(name=directory.name, directory=directory, rank=rank(made.adapter))
        needed = smallest(under.architecture, under.weight_bytes, cards, context or 4_096)
        return command(under.directory, under.kind, under.architecture, cards=needed, context=context, adapter=adapter)
    if sizes is None or kind not in ENOUGH:
        return None
    needed = smallest(sizes, stored, cards, context or 4_096)
    return command(directory, kind, sizes, cards=needed, context=context)


def smallest(sizes: Architecture, stored: int, cards: Sequence[Card], context: int) -> int:
    """The fewest of these cards that hold the model as stored and one conversation; all, when none is enough."""
    possible = [count for count in (1, 2, 4, 8, 16) if count <= len(cards) and can_split(sizes, count)] or [1]
    storage = Storage(name="as stored", bits=stored_bits(sizes))
    for count in possible:
        card = min((item.bytes for item in cards), default=80 * GIB)
        part = split(sizes, storage, card=card, cards=count, context=context, stored=stored)
        if part.kv >= part.kv_person:
            return count
    return possible[-1]


def _ordered(findings: list[Finding]) -> list[Finding]:
    """The reasons to refuse first; each said once."""
    rank = {Severity.REFUSE: 0, Severity.WARN: 1, Severity.NOTE: 2}
    unique = {(finding.code, finding.says): finding for finding in findings}
    return sorted(unique.values(), key=lambda finding: rank[finding.severity])
