"""The memory a model needs on a card, as arithmetic that can be shown: weights, KV cache, activations, the rest.

KV cache of a token = 2 (key and value) × layers × KV heads × head size × bytes of a number; with multi-head latent
attention layers × (latent + rotary part) × bytes instead; layers with a sliding window keep no more tokens than the
window. The tests compare this with what vLLM reports. Activations and overhead are estimates, and said to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.models.architecture import Architecture

GIB = 1 << 30
UTILISATION = 0.92  # of a card's memory that vLLM takes (its default, --gpu-memory-utilization)
OVERHEAD = 1 * GIB  # a card's driver context, communication buffers and captured graphs: an estimate
NUMBER = 2  # bytes of a number in the KV cache
LARGE_CARD = 70 * GIB  # from here on vLLM computes 8192 tokens in one step, else 2048 (vllm/engine/arg_utils.py, 0.32)
SEQUENCES = 64  # answers written at once, as deploy/vllm sets it
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
SCALES = {8: 0.0, 4: 0.16}  # bits a number for scales and zero points: per channel at 8 bits, per 128 numbers at 4


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A way to store the weights."""

    name: str  # bf16, 8-bit, 4-bit, or as stored
    bits: int

    @staticmethod
    def all() -> tuple[Storage, ...]:
        """The three that are compared."""
        return (Storage(name="bf16", bits=16), Storage(name="8-bit", bits=8), Storage(name="4-bit", bits=4))


@dataclass(frozen=True, kw_only=True)
class Split:
    """How a card's memory is used, in bytes, for one of `cards` equal cards."""

    cards: int  # over which each layer is split (tensor parallel)
    card: int  # memory of one
    budget: int  # what vLLM takes of it
    weights: int
    activations: int
    overhead: int
    kv: int  # left for the KV cache; negative: it does not fit
    kv_token: int  # KV cache of one token, for every layer that keeps all
    kv_person: int  # KV cache of one person at the context in use
    context: int  # tokens in use a person
    people: int  # who fit at once
    lines: tuple[str, ...]  # the arithmetic in words

    def as_json(self) -> dict[str, Any]:
        """The object in reports."""
        return {
            "cards": self.cards,
            "card_bytes": self.card,
            "budget_bytes": self.budget,
            "weights_bytes": self.weights,
            "activations_bytes": self.activations,
            "overhead_bytes": self.overhead,
            "kv_bytes": self.kv,
            "kv_bytes_per_token": self.kv_token,
            "kv_bytes_per_person": self.kv_person,
            "context": self.context,
            "people_at_once": self.people,
            "arithmetic": list(self.lines),
        }


def kv_token(made: Architecture, *, cards: int = 1) -> int:
    """Bytes of KV cache for one token on one card, in the layers that keep every token."""
    return (made.layers - made.windowed_layers - made.uncached_layers) * _layer_token(made, cards)


def kv_person(made: Architecture, context: int, *, cards: int = 1) -> int:
    """Bytes of KV cache for one conversation of `context` tokens on one card."""
    layer = _layer_token(made, cards)
    windowed = min(context, made.sliding_window or context) * made.windowed_layers * layer
    return context * kv_token(made, cards=cards) + windowed


def _layer_token(made: Architecture, cards: int) -> int:
    if made.latent is not None:
        return made.latent * NUMBER  # every card keeps all of it
    heads = max(made.kv_heads // cards, 1)  # a head is not split; with more cards than heads it is kept twice
    return 2 * heads * made.head_dim * NUMBER


def weights(made: Architecture, storage: Storage, *, stored: int | None = None) -> int:
    """Bytes of the weights. `stored`: what the files hold, used where the storage is the one they are in."""
    if stored is not None and storage.bits == stored_bits(made):
        return stored
    embeddings = made.vocabulary * made.hidden * (1 if made.tied else 2)  # stay at 16 bits when the rest is quantised
    rest = max(made.parameters - embeddings, 0)
    if storage.bits >= 16:
        return made.parameters * storage.bits // 8
    return int(embeddings * 2 + rest * (storage.bits + SCALES.get(storage.bits, 0.16)) / 8)


def stored_bits(made: Architecture) -> int:
    """Bits of a weight as the files hold it."""
    if made.quantisation is not None and made.quantisation.bits:
        return made.quantisation.bits
    return BYTES.get(made.dtype, 2) * 8


def activations(made: Architecture, *, card: int, cards: int) -> int:
    """An estimate of what one step computes with, in bytes on one card."""
    step = 8192 if card >= LARGE_CARD else 2048
    width = 4 * made.hidden + 3 * made.intermediate // cards
    if made.experts:
        width *= 2  # routed copies of the tokens
    logits = SEQUENCES * made.vocabulary * 4 * 2
    return step * width * 2 + logits


def split(
    made: Architecture,
    storage: Storage,
    *,
    card: int,
    cards: int = 1,
    context: int,
    stored: int | None = None,
    utilisation: float = UTILISATION,
) -> Split:
    """The memory of one card. `card`: its bytes; `context`: tokens in use a person."""
    budget = int(card * utilisation)
    heavy = weights(made, storage, stored=stored)
    share = heavy // cards
    working = activations(made, card=card, cards=cards)
    left = budget - share - working - OVERHEAD
    token = kv_token(made, cards=cards)
    person = kv_person(made, context, cards=cards)
    people = max(left, 0) // person if person else 0
    over = f" ÷ {cards} cards" if cards > 1 else ""
    lines = (
        f"budget       {_gib(card)} × {utilisation} = {_gib(budget)} a card",
        f"weights      {_weights_line(made, storage, stored)} = {_gib(heavy)}{over}"
        + (f" = {_gib(share)}" if cards > 1 else ""),
        f"activations  about {_gib(working)} (estimate: {8192 if card >= LARGE_CARD else 2048} tokens a step)",
        f"overhead     about {_gib(OVERHEAD)} (estimate: driver, graphs, buffers)",
        f"left for KV  {_gib(budget)} − {_gib(share)} − {_gib(working)} − {_gib(OVERHEAD)} = {_gib(left)}",
        f"KV a token   {_token_line(made, cards)}",
        f"KV a person  {context:,} tokens = {person / (1 << 20):,.1f} MiB",
        f"people       {_gib(max(left, 0))} ÷ {person / (1 << 20):,.1f} MiB = {people:,} at once",
    )
    return Split(
        cards=cards,
        card=card,
        budget=budget,
        weights=share,
        activations=working,
        overhead=OVERHEAD,
        kv=left,
        kv_token=token,
        kv_person=person,
        context=context,
        people=people,
        lines=lines,
    )


def can_split(made: Architecture, cards: int) -> bool:
    """Whether the attention heads can be dealt to so many cards."""
    return cards == 1 or (made.heads % cards == 0 and (made.kv_heads % cards == 0 or cards % made.kv_heads == 0))


def _weights_line(made: Architecture, storage: Storage, stored: int | None) -> str:
    if stored is not None and storage.bits == stored_bits(made):
        return f"as stored, {made.parameters / 1e9:.2f} G numbers"
    extra = SCALES.get(storage.bits, 0.0)
    bits = f"{storage.bits + extra:g} bits" + (", embeddings at 16" if storage.bits < 16 else "")
    return f"{made.parameters / 1e9:.2f} G numbers × {bits}"


def _token_line(made: Architecture, cards: int) -> str:
    token = kv_token(made, cards=cards)
    full = made.layers - made.windowed_layers - made.uncached_layers
    windowed = (
        f", and {made.windowed_layers} layers with a window of {made.sliding_window}" if made.windowed_layers else ""
    )
    windowed += f"; {made.uncached_layers} layers keep no tokens" if made.uncached_layers else ""
    if made.latent is not None:
        return f"{full} layers × {made.latent} × {NUMBER} bytes = {token:,} bytes (latent attention){windowed}"
    heads = max(made.kv_heads // cards, 1)
    return f"2 × {full} layers × {heads} KV heads × {made.head_dim} × {NUMBER} bytes = {token:,} bytes{windowed}"


def _gib(count: float) -> str:
    return f"{count / GIB:,.2f} GiB"
