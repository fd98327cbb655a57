"""What fits: for people at once, documents and cards, which models in which storage, with the arithmetic.

Models are the profiles of deploy/models and, where named, the directories that were checked. Knows no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.models.architecture import Architecture, Kind
from app.models.check import Report, check
from app.models.findings import size
from app.models.hardware import Card
from app.models.licences import licences
from app.models.memory import UTILISATION, Split, Storage, can_split, split, stored_bits
from app.models.profiles import HardwareProfile, ModelProfile, Variant, hardware_profiles, model_profiles
from app.models.serve import command

ROOM = 1500  # tokens of a question, its conversation and the instructions, beside passages and answer
CPU_SHARE = 0.5  # of a host's memory for the model, where it has no card: Premise and the system need the rest
CHUNKS = 20  # of a document, where nothing else is said: eight pages or so
# bytes a chunk takes with vectors of 384 numbers (tests/benchmarks/sizing.py): on the disk, beside the originals,
# and in each process that searches, of its own and of mapped files
ON_DISK, OWN, MAPPED = 9_300, 125, 1_600  # of its own: 64 and 125 in two runs


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One model in one storage on these cards."""

    model: str
    storage: str
    origin: str  # profile | directory
    licence: str
    fits: bool
    why: str  # in a sentence
    split: Split | None
    serve: str  # the command; empty where it does not fit
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object in the plan."""
        return {
            "model": self.model,
            "storage": self.storage,
            "origin": self.origin,
            "licence": self.licence,
            "fits": self.fits,
            "why": self.why,
            "memory": self.split.as_json() if self.split else None,
            "serve": self.serve,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The answer."""

    people: int
    documents: int
    context: int  # tokens in use a person
    cards: tuple[Card, ...]
    hardware: HardwareProfile | None
    choices: tuple[Choice, ...]
    index: dict[str, int]  # bytes that the documents take on Premise's own host

    def as_json(self) -> dict[str, Any]:
        """The object of `premise models plan --json`."""
        return {
            "people": self.people,
            "documents": self.documents,
            "context": self.context,
            "cards": [card.as_json() for card in self.cards],
            "hardware": self.hardware.model_dump() if self.hardware else None,
            "models": [choice.as_json() for choice in self.choices],
            "index_bytes": self.index,
        }


def plan(
    *,
    people: int,
    documents: int,
    cards: Sequence[Card],
    context: int,
    directories: Sequence[Path] = (),
    chunks: int = CHUNKS,
) -> Plan:
    """Which models serve so many people at once. `context`: tokens in use a person. Raises: ModelError."""
    hardware = hardware_profiles().get(cards[0].maker)
    choices = []
    for profile in model_profiles():
        if profile.kind == "language model":
            choices += [_profile(profile, variant, people, cards, context, hardware) for variant in profile.variants]
    for directory in directories:
        choices.append(_directory(check(directory, cards=cards, context=context, quick=True), people, cards, context))
    choices.sort(key=lambda choice: (not choice.fits, choice.origin == "profile"))
    count = documents * chunks
    return Plan(
        people=people,
        documents=documents,
        context=context,
        cards=tuple(cards),
        hardware=hardware,
        choices=tuple(choices),
        index={"chunks": count, "memory": count * OWN, "mapped": count * MAPPED, "disk": count * ON_DISK},
    )


def _profile(
    profile: ModelProfile,
    variant: Variant,
    people: int,
    cards: Sequence[Card],
    context: int,
    hardware: HardwareProfile | None,
) -> Choice:
    made = profile.architecture(variant)
    notes = [variant.note] if variant.note else []
    notes += [f"Licence: {licences()[profile.licence].name}."] if profile.licence in licences() else []
    if hardware is not None and variant.storage in ("8-bit", "4-bit") and variant.storage not in hardware.storage:
        barred = f"{hardware.name}: {variant.storage} is not computed with."
        return _no(profile.id, variant.storage, profile.licence, barred, notes)
    storage = Storage(name=variant.storage, bits=variant.bits)
    options = [*profile.arguments, *variant.arguments, *(hardware.arguments if hardware else [])]
    best, why = _best(made, storage, people, cards, context, None)
    shell = ""
    if best is not None and why is None:
        target = f"/models/{(variant.repository or profile.id).split('/')[-1]}"
        tensor = ["--tensor-parallel-size", str(best.cards)] if best.cards > 1 else []
        shell = " ".join(["sh deploy/vllm", target, *map(_quoted, [*options, *tensor])])
    return Choice(
        model=profile.id,
        storage=variant.storage,
        origin="profile",
        licence=profile.licence,
        fits=why is None,
        why=why if why is not None else _fits(best),
        split=best,
        serve=shell,
        notes=tuple(notes),
    )


def _directory(report: Report, people: int, cards: Sequence[Card], context: int) -> Choice:
    name = report.directory.name
    licence = report.licensing.name
    if report.refused:
        return _no(name, "as stored", licence, f"Refused: {report.refused[0].says}", [])
    if report.kind is not Kind.LANGUAGE or report.architecture is None:
        return _no(name, "as stored", licence, f"It is no language model but: {report.kind.value}.", [])
    made = report.architecture
    storage = Storage(name=f"{stored_bits(made)} bits", bits=stored_bits(made))
    best, why = _best(made, storage, people, cards, context, report.weight_bytes)
    shell = ""
    if best is not None and why is None:
        shell = command(report.directory, report.kind, made, cards=best.cards).shell
    return Choice(
        model=name,
        storage=storage.name,
        origin="directory",
        licence=licence,
        fits=why is None,
        why=why or _fits(best),
        split=best,
        serve=shell,
        notes=(),
    )


def _best(
    made: Architecture, storage: Storage, people: int, cards: Sequence[Card], context: int, stored: int | None
) -> tuple[Split | None, str | None]:
    """The fewest cards that serve so many people; else the most, and why that is not enough."""
    if made.context and context > made.context:
        return None, f"Its context ends at {made.context:,} tokens; {context:,} are in use."
    card = min(item.bytes for item in cards)
    share = CPU_SHARE if cards[0].maker == "cpu" else UTILISATION
    last: Split | None = None
    for count in [count for count in (1, 2, 4, 8, 16) if count <= len(cards) and can_split(made, count)]:
        last = split(made, storage, card=card, cards=count, context=context, stored=stored, utilisation=share)
        if last.people >= people:
            return last, None
    if last is None:
        return None, "Its heads cannot be dealt to these cards."
    if last.kv < last.kv_person:
        return last, f"It does not fit: weights and work leave {size(max(last.kv, 0))} for the KV cache."
    return last, f"{last.people} people at once fit, {people} are wanted; the others wait their turn."


def _fits(best: Split | None) -> str:
    if best is None:
        return ""
    on = f"{best.cards} cards" if best.cards > 1 else "one card"
    return f"{best.people:,} people at once on {on}."


def _no(model: str, storage: str, licence: str, why: str, notes: list[str]) -> Choice:
    return Choice(
        model=model,
        storage=storage,
        origin="directory" if storage == "as stored" else "profile",
        licence=licence,
        fits=False,
        why=why,
        split=None,
        serve="",
        notes=tuple(notes),
    )


def _quoted(word: str) -> str:
    return f"'{word}'" if any(sign in word for sign in '{}" ') else word


def in_words(made: Plan) -> str:
    """The plan for people."""
    names: dict[str, int] = {}
    for card in made.cards:
        label = f"{card.name} ({size(card.bytes)})"
        names[label] = names.get(label, 0) + 1
    lines = [
        "cards      " + ", ".join(f"{count} × {name}" if count > 1 else name for name, count in names.items()),
        f"wanted     {made.people} people at once, {made.context:,} tokens in use each",
        f"documents  {made.documents:,}: about {made.index['chunks']:,} passages, on Premise's own host about "
        f"{size(made.index['disk'])} of disk beside the files themselves, and in each process that searches "
        f"{size(made.index['memory'])} of memory and {size(made.index['mapped'])} of mapped files",
    ]
    if made.hardware is not None:
        image = f"; image {made.hardware.image}" if made.hardware.image else ""
        lines.append(f"install    {made.hardware.package}{image}")
    lines.append("")
    for choice in made.choices:
        people = choice.split.people if choice.split is not None else 0
        told = f"{people:,} people at once" if people else "does not fit"
        lines.append(f"{'✓' if choice.fits else '✗'} {choice.model + ', ' + choice.storage:<50} {told}")
    for choice in made.choices:
        lines += ["", f"{'✓' if choice.fits else '✗'} {choice.model}, {choice.storage}: {choice.why}"]
        if choice.split is not None:
            lines += [f"    {line}" for line in choice.split.lines]
        lines += [f"    {text}" for text in choice.notes if choice.fits]
        lines += [f"    {choice.serve}"] if choice.serve else []
    return "\n".join(lines)
