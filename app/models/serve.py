"""The command that serves a model with vLLM. Builds arguments; starts nothing.

Options are those of vLLM 0.32; a test holds every one against `vllm serve --help` of the CPU build.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.models.architecture import Architecture, Kind

QWEN3_RERANKER = {
    "architectures": ["Qwen3ForSequenceClassification"],
    "classifier_from_token": ["no", "yes"],
    "is_original_qwen3_reranker": True,
}
LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # that --max-lora-rank takes
USUAL_CONTEXT = 16_384  # tokens; questions with their passages need fewer


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A LoRA adapter to be served beside its base."""

    name: str
    directory: Path
    rank: int


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to type."""

    directory: Path
    options: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object in reports."""
        return {"vllm": ["vllm", "serve", str(self.directory), *self.options], "shell": self.shell}

    @property
    def shell(self) -> str:
        """For a shell, through deploy/vllm, which sets address, key and what keeps it offline."""
        return shlex.join(["sh", "deploy/vllm", str(self.directory), *self.options])


def command(
    directory: Path,
    kind: Kind,
    made: Architecture,
    *,
    cards: int = 1,
    context: int | None = None,
    eight_bit: bool = False,
    adapter: Adapter | None = None,
) -> Command:
    """The command for a model. `context`: tokens; `eight_bit`: quantise plain weights while loading."""
    options = ["--load-format", "safetensors"]
    length = min(context or USUAL_CONTEXT, made.context or USUAL_CONTEXT)
    if length:
        options += ["--max-model-len", str(length)]
    if cards > 1:
        options += ["--tensor-parallel-size", str(cards)]
    if eight_bit and made.quantisation is None:
        options += ["--quantization", "fp8"]
    if kind is Kind.EMBEDDER:
        options += ["--runner", "pooling", "--convert", "embed"]
    if kind is Kind.RERANKER:
        options += ["--runner", "pooling"]
        if made.name == "Qwen3ForCausalLM":  # as published it is a language model whose yes and no are compared
            options += ["--hf-overrides", json.dumps(QWEN3_RERANKER, separators=(",", ":"))]
    if adapter is not None:
        rank = next((step for step in LORA_RANKS if step >= adapter.rank), LORA_RANKS[-1])
        options += ["--enable-lora", "--max-lora-rank", str(rank)]
        options += ["--lora-modules", f"{adapter.name}={adapter.directory}"]
    return Command(directory=directory, options=tuple(options))
