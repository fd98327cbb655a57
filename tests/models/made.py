"""Model directories made on the spot: small, with true headers, so that every kind of fault can be put into them."""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path
from typing import Any

LICENCES = Path(__file__).parent.parent.parent / "app" / "models" / "licences"
SIZES = {"BF16": 2, "F16": 2, "F32": 4, "I32": 4, "F8_E4M3": 1, "U8": 1}
CONFIG: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "vocab_size": 40,
    "max_position_embeddings": 32768,
    "tie_word_embeddings": True,
    "dtype": "bfloat16",
}
Shapes = dict[str, tuple[str, tuple[int, ...]]]


def shapes(layers: int = 2) -> Shapes:
    """Name to number format and shape, of a language model with these layers."""
    made: Shapes = {"model.embed_tokens.weight": ("BF16", (40, 16)), "model.norm.weight": ("BF16", (16,))}
    for layer in range(layers):
        made[f"model.layers.{layer}.self_attn.q_proj.weight"] = ("BF16", (32, 16))
        made[f"model.layers.{layer}.mlp.up_proj.weight"] = ("BF16", (32, 16))
    return made


def safetensors(path: Path, tensors: Shapes) -> None:
    """A safetensors file with these tensors."""
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        count = prod(shape) * SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + count]}
        at += count
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\x01" * at)


def write_json(path: Path, value: object) -> None:
    """A JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def licence(folder: Path, name: str = "Apache-2.0", file: str = "LICENSE") -> Path:
    """The text of a licence, under any name."""
    target = folder / file
    target.write_text((LICENCES / f"{name}.txt").read_text(encoding="utf-8"), encoding="utf-8")
    return target


def whole(folder: Path, *, shards: int = 1, config: dict[str, Any] | None = None) -> Path:
    """A whole language model."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", CONFIG | (config or {}))
    write_json(folder / "generation_config.json", {"eos_token_id": 2})
    write_json(folder / "tokenizer.json", {"version": "1.0", "model": {"type": "BPE"}})
    write_json(folder / "tokenizer_config.json", {"chat_template": "{{ messages }}"})
    licence(folder)
    every = shapes()
    if shards == 1:
        safetensors(folder / "model.safetensors", every)
        return folder
    names = [f"model-{number:05}-of-{shards:05}.safetensors" for number in range(1, shards + 1)]
    parts: list[Shapes] = [{} for _ in names]
    for at, (name, shape) in enumerate(every.items()):
        parts[at % shards][name] = shape
    for name, part in zip(names, parts, strict=True):
        safetensors(folder / name, part)
    mapped = {tensor: name for name, part in zip(names, parts, strict=True) for tensor in part}
    write_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": mapped})
    return folder


def adapter(folder: Path, base: str = "company/base") -> Path:
    """A LoRA adapter."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "adapter_config.json", {"peft_type": "LORA", "r": 12, "base_model_name_or_path": base})
    matrices: Shapes = {}
    for layer in (0, 1):
        changed = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        matrices |= {f"{changed}.lora_A.weight": ("F32", (12, 16)), f"{changed}.lora_B.weight": ("F32", (32, 12))}
    safetensors(folder / "adapter_model.safetensors", matrices)
    licence(folder)
    return folder


def embedder(folder: Path) -> Path:
    """A sentence-transformers model."""
    whole(folder, config={"architectures": ["BertModel"], "model_type": "bert"})
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    write_json(folder / "modules.json", modules)
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 16})
    return folder
