"""What kind of model it is and how large: from config.json and the shapes of the tensors. Knows no files."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from app.models.configuration import Configuration
from app.models.findings import Finding, refuse, some, warn
from app.models.safetensors import BITS, Tensor

PACKED = re.compile(r"\.(qweight|weight_packed|qweight_packed)$")
WIDE = ("I32", "U32")  # that several numbers of a weight lie in
BESIDE = (
    "scale",
    "scale_2",
    "scales",
    "zeros",
    "g_idx",
    "scale_inv",
    "zero_point",
    "weight_shape",
    "biases",
)  # beside packed weights
BITSANDBYTES = re.compile(r"absmax$|quant_map$|\.quant_state\.|\.SCB$|\.weight_format$")  # likewise
LAYER = re.compile(r"(?:^|\.)(?:layers|h|layer|blocks|block)\.(\d+)\.")
EXPERT = re.compile(r"^(.*\.experts)\.(\d+)\.(.+)$")
SENSES = re.compile(r"vision|visual|image|audio|speech|video")  # in names of tensors that are not the language model's
HEAD = re.compile(r"(?:lm_head|embed_out|output|output_layer|head)\.\w+$")
DEAF = re.compile(
    r"Whisper|Speech|ASR|Transcri|Voxtral(?!For)|^(?:M?T5|UMT5|Bart|MBart|Marian|Pegasus|M2M|Seamless)"
)  # no chat
PATTERN = {"gemma2": 2, "gemma3": 6, "gemma3_text": 6, "cohere2": 4}  # each such layer looks all the way back, unsaid
KEEPS_NOTHING = re.compile(r"linear|mamba|conv|recurrent|ssm")  # kinds of layers with a state and no cache of tokens
EMBEDS = re.compile(  # without the part that writes
    r"(?:Bert|Roberta|XLMRoberta|MPNet|ModernBert)(?:Model|ForMaskedLM)$|^(?:Qwen[23]|Gemma3Text|Mistral|Llama|New)Model$"
)
SCALED = ("linear", "dynamic")  # ways to stretch a context that config.json's length does not count yet
MOST_STRETCHED = 10_000  # times; JSON as Python reads it knows infinity, too
QUANTISED = {"fp8": 8, "fbgemm_fp8": 8, "gptq": 4, "awq": 4, "bitsandbytes": 4, "mxfp4": 4, "nvfp4": 4}
# what vLLM 0.32 loads (vllm/model_executor/layers/quantization; auto-round is what inc takes), a test compares the two
SERVED = frozenset(
    "auto-round auto_awq auto_gptq awq awq_marlin compressed-tensors deepseek_v4_fp8 experts_int8 fbgemm_fp8 fp8"
    " fp_quant gpt_oss_mxfp4 gptq gptq_marlin humming inc modelopt modelopt_fp4 modelopt_mixed modelopt_mxfp8 moe_wna16"
    " mxfp4 mxfp8 quark torchao".split()
)
MLX = "mlx"  # Apple's way to store weights, which names no method


class Kind(StrEnum):
    """What a model does."""

    LANGUAGE = "language model"
    EMBEDDER = "embedder"
    RERANKER = "reranker"
    ADAPTER = "LoRA adapter"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Quantisation:
    """How the weights are stored, where not plainly."""

    method: str  # as config.json names it: gptq, awq, fp8, compressed-tensors, bitsandbytes …
    bits: int
    group: int | None  # numbers that share a scale


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes, as the memory arithmetic needs them."""

    name: str  # the class that config.json names
    model_type: str
    parameters: int  # 0 where unknown
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    context: int  # tokens
    dtype: str  # of the plain weights: bfloat16, float16, float32
    sliding_window: int | None  # tokens, for the layers that look no further back
    windowed_layers: int  # how many of the layers do
    uncached_layers: int  # how many keep a state of one size and no tokens
    latent: int | None  # numbers a token and layer in the KV cache of multi-head latent attention (MLA)
    experts: int | None  # of a mixture of experts
    tied: bool  # input and output embedding are one
    quantisation: Quantisation | None

    def as_json(self) -> dict[str, Any]:
        """The object in the report."""
        return asdict(self)


def kind_of(made: Configuration, card: dict[str, Any], directory: str) -> Kind:
    """What the model does. `card`: the README's front matter; `directory`: its name, the last resort."""
    said = made.config.get("architectures")
    names = " ".join(map(str, said)) if isinstance(said, list) else ""
    about = f"{card.get('pipeline_tag', '')} {card.get('tags', '')}"
    if made.adapter:
        return Kind.ADAPTER
    scores = "ForSequenceClassification" in names and _labels(made.config) <= 1
    if scores or "text-ranking" in about or "rerank" in directory.lower():
        return Kind.RERANKER
    if made.modules or "sentence-similarity" in about or "feature-extraction" in about:
        return Kind.EMBEDDER
    if re.search(r"For(CausalLM|ConditionalGeneration)|LMHeadModel", names):
        apart = made.config.get("is_encoder_decoder") is True  # what it reads is not what it goes on writing
        return Kind.UNKNOWN if apart or DEAF.search(names) else Kind.LANGUAGE
    return Kind.EMBEDDER if EMBEDS.search(names) else Kind.UNKNOWN


def _labels(config: dict[str, Any]) -> int:
    """Among how many labels a classifier chooses; a reranker has one score to give."""
    named = config.get("id2label")
    return max(len(named) if isinstance(named, dict) else 0, _number(config, "num_labels"))


def architecture(config: dict[str, Any], tensors: dict[str, Tensor]) -> Architecture:
    """The sizes; zeros where config.json does not say."""
    inner = config.get("text_config")
    text: dict[str, Any] = inner if isinstance(inner, dict) else config  # of a model that sees, too
    hidden = _number(text, "hidden_size", "n_embd", "d_model")
    heads, kv_heads, head_dim = _heads(text, hidden, tensors)
    layers = _number(text, "num_hidden_layers", "n_layer", "num_layers")
    quantisation = _quantisation(config, tensors)
    window, windowed = _window(text, layers)
    latent = None
    if rank := _number(text, "kv_lora_rank"):
        latent = rank + _number(text, "qk_rope_head_dim")
    return Architecture(
        name=str((config.get("architectures") or [""])[0]) if isinstance(config.get("architectures"), list) else "",
        model_type=str(config.get("model_type") or ""),
        parameters=_parameters(tensors, quantisation),
        layers=layers,
        hidden=hidden,
        intermediate=_number(text, "intermediate_size", "n_inner", "ffn_dim") or 4 * hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        vocabulary=_number(text, "vocab_size") or _rows(tensors, "embed_tokens.weight"),
        context=_context(text),
        dtype=_dtype(config, text, tensors),
        sliding_window=window,
        windowed_layers=windowed,
        uncached_layers=_uncached(text, layers),
        latent=latent,
        experts=_number(text, "num_experts", "num_local_experts", "n_routed_experts") or None,
        tied=_tied(config, text, tensors),
        quantisation=quantisation,
    )


def _number(config: dict[str, Any], *names: str) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40:
            return value
    return 0


def _tied(config: dict[str, Any], text: dict[str, Any], tensors: dict[str, Tensor]) -> bool:
    if tensors:  # what the files hold says more than what a version of the library left out of config.json
        return not any(name.endswith(("lm_head.weight", "lm_head.qweight", "embed_out.weight")) for name in tensors)
    return bool(text.get("tie_word_embeddings", config.get("tie_word_embeddings", False)))


def _heads(text: dict[str, Any], hidden: int, tensors: dict[str, Tensor]) -> tuple[int, int, int]:
    """Heads, heads of the KV cache and numbers in each: as config.json says, else as the shapes of the weights do.

    Gemma 3's says none of them, since they are what its class begins with.
    """
    heads = _number(text, "num_attention_heads", "n_head")
    width = _number(text, "head_dim") or _rows(tensors, "self_attn.k_norm.weight") * (not heads)
    width = width or (hidden // heads if heads else 0)
    heads = heads or (_rows(tensors, "self_attn.q_proj.weight") // width if width else 0)
    kept = _number(text, "num_key_value_heads", "num_kv_heads")
    if not kept and width and "num_attention_heads" not in text:
        kept = _rows(tensors, "self_attn.k_proj.weight") // width
    return heads, kept or heads, width


def _rows(tensors: dict[str, Tensor], ending: str) -> int:
    """The first dimension of the first tensor of the language model that is called so; 0 where there is none."""
    found = (one.shape[0] for name, one in tensors.items() if name.endswith(ending) and not SENSES.search(name))
    return next(found, 0)


def _context(text: dict[str, Any]) -> int:
    """Tokens, as vLLM counts them (vllm/config/model.py): some ways of stretching are in the number already."""
    said = _number(text, "max_position_embeddings", "n_positions", "max_sequence_length")
    scaling = text.get("rope_scaling") or text.get("rope_parameters")
    if not isinstance(scaling, dict) or "gemma3" in str(text.get("model_type")):
        return said
    factor = scaling.get("factor")
    if (scaling.get("rope_type") or scaling.get("type")) in SCALED and isinstance(factor, int | float):
        return int(said * factor) if 1 < factor < MOST_STRETCHED else said
    return said


def _uncached(text: dict[str, Any], layers: int) -> int:
    """Layers that keep no tokens: with a state of one size, or with what another layer keeps."""
    kinds = text.get("layer_types") or text.get("layers_block_type")
    shared = _shared(text)
    if isinstance(kinds, list):
        return shared + sum(1 for kind in kinds[: len(kinds) - shared] if KEEPS_NOTHING.search(str(kind)))
    attending = _attending(text, layers)
    return shared if attending is None else layers - min(attending, layers)


def _attending(text: dict[str, Any], layers: int) -> int | None:
    """Layers that keep tokens among others that do not, as families of models say it; None where it is not said."""
    linear = text.get("linear_attn_config")
    named = linear.get("full_attn_layers") if isinstance(linear, dict) else text.get("full_attn_idxs")
    if isinstance(named, list):  # Kimi Linear, LFM2
        return len(named)
    if isinstance(pattern := text.get("hybrid_override_pattern"), str):  # Nemotron-H
        return pattern.count("*")
    if isinstance(types := text.get("attn_type_list"), list):  # MiniMax
        return types.count(1)
    if every := _number(text, "full_attention_interval"):  # Qwen3-Next
        return layers // every
    if every := _number(text, "attn_layer_period"):  # Jamba
        return len(range(_number(text, "attn_layer_offset"), layers, every))
    return None


def _shared(text: dict[str, Any]) -> int:
    """The last layers of Gemma 3n, which keep nothing and use what those before them keep."""
    return min(_number(text, "num_kv_shared_layers"), _number(text, "num_hidden_layers"))


def _window(text: dict[str, Any], layers: int) -> tuple[int | None, int]:
    window = _number(text, "sliding_window")
    if not window or text.get("use_sliding_window") is False:
        return None, 0
    kinds = text.get("layer_types")
    if isinstance(kinds, list):
        return window, sum(1 for kind in kinds[: len(kinds) - _shared(text)] if "sliding" in str(kind))
    pattern = _number(text, "sliding_window_pattern", "_sliding_window_pattern")
    pattern = pattern or PATTERN.get(str(text.get("model_type")), 0)
    return window, layers - layers // pattern if pattern else layers


def _dtype(config: dict[str, Any], text: dict[str, Any], tensors: dict[str, Tensor]) -> str:
    said = config.get("dtype") or config.get("torch_dtype") or text.get("dtype") or text.get("torch_dtype")
    if isinstance(said, str):
        return said.removeprefix("torch.")
    counts: dict[str, int] = {}
    for tensor in tensors.values():
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.numbers
    most = max(counts, key=lambda name: counts[name], default="")
    return {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}.get(most, most.lower() or "unknown")


def _quantisation(config: dict[str, Any], tensors: dict[str, Tensor]) -> Quantisation | None:
    said, apple = config.get("quantization_config"), config.get("quantization")
    if isinstance(apple, dict) and {"group_size", "bits"} <= apple.keys() and "quant_method" not in apple:
        return Quantisation(method=MLX, bits=_number(apple, "bits"), group=_number(apple, "group_size") or None)
    if not isinstance(said, dict):
        return None
    method = str(said.get("quant_method") or ("modelopt" if said.get("quant_algo") else "unknown")).lower()
    method = method.replace("compressed_tensors", "compressed-tensors")
    algorithm = str(said.get("quant_algo") or "").lower()
    bits = _number(said, "bits", "w_bit", "num_bits") or QUANTISED.get(method, 0) or QUANTISED.get(algorithm, 0)
    group = _number(said, "group_size", "q_group_size")
    if method == "bitsandbytes":
        bits = 8 if said.get("load_in_8bit") else 4
    for scheme in (said.get("config_groups") or {}).values() if isinstance(said.get("config_groups"), dict) else []:
        weights = scheme.get("weights") if isinstance(scheme, dict) else None
        if isinstance(weights, dict):
            bits, group = bits or _number(weights, "num_bits"), group or _number(weights, "group_size")
    if not bits:
        bits = 8 if any(tensor.dtype.startswith(("F8", "I8")) for tensor in tensors.values()) else 0
    return Quantisation(method=method, bits=bits, group=group or None)


def _parameters(tensors: dict[str, Tensor], quantisation: Quantisation | None) -> int:
    """Numbers the model has: packed ones counted as what they stand for, scales and zero points not at all."""
    bits = quantisation.bits if quantisation else 0
    total = 0
    for name, tensor in tensors.items():
        if name.endswith(BESIDE) or BITSANDBYTES.search(name):
            continue
        packed = PACKED.search(name) or tensor.dtype in WIDE or (bits < 8 and tensor.dtype == "U8")
        if 0 < bits < 32 and packed:
            total += tensor.numbers * BITS[tensor.dtype] // bits
        else:
            total += tensor.numbers
    return total


def check_shapes(made: Architecture, config: dict[str, Any], tensors: dict[str, Tensor]) -> list[Finding]:
    """Whether the weights are those of the model that config.json describes."""
    found = []
    if not made.layers and config:
        says = "config.json does not say how many layers the model has."
        found.append(warn("odd-config", says, "Compare it with the publisher's.", "config.json"))
    present = {int(match[1]) for name in tensors if (match := LAYER.search(name)) and not SENSES.search(name)}
    absent = [str(number) for number in range(min(made.layers, 10_000)) if number not in present]
    if present and absent:
        says = f"The weights of {len(absent)} of {made.layers} layers are in no file: {some(absent)}."
        found.append(refuse("layers-missing", says, "Files are missing: fetch the model anew."))
    last = max(present, default=-1)
    if made.layers and last >= made.layers + _number(config, "num_nextn_predict_layers"):
        says = f"config.json speaks of {made.layers} layers, the weights go on to layer {last}."
        found.append(warn("shape", says, "config.json may belong to another model.", "config.json"))
    found += _experts(tensors) + _head(made, config, tensors)
    for name, tensor in tensors.items():
        if name.endswith(("embed_tokens.weight", "word_embeddings.weight")) and len(tensor.shape) == 2:
            rows, width = tensor.shape
            if (made.vocabulary and rows < made.vocabulary) or (made.hidden and width != made.hidden):
                says = (
                    f"{name} has the shape {rows} × {width}; config.json speaks of {made.vocabulary} × {made.hidden}."
                )
                found.append(warn("shape", says, "config.json may belong to another model.", "config.json"))
    packed = any(tensor.dtype in (*WIDE, "U8", "I8") or tensor.dtype.startswith("F8") for tensor in tensors.values())
    if made.quantisation and tensors and not packed and made.quantisation.method != "bitsandbytes":
        says = f"config.json says {made.quantisation.method}, but the weights are plain."
        found.append(warn("not-quantised", says, "config.json may belong to another model.", "config.json"))
    return found


def _experts(tensors: dict[str, Tensor]) -> list[Finding]:
    """Whether every expert of a layer is there: each holds the same tensors under its number."""
    numbers: dict[tuple[str, str], set[int]] = {}
    for name in tensors:
        if match := EXPERT.match(name):
            numbers.setdefault((match[1], match[3]), set()).add(int(match[2]))
    most = max((len(there) for there in numbers.values()), default=0)
    short = [f"{layer}.*.{part}" for (layer, part), there in numbers.items() if len(there) != most]
    if not short:
        return []
    says = f"Of some experts weights are in no file: {some(short)} are fewer than {most}."
    return [refuse("experts-missing", says, "Files are missing: fetch the model anew.")]


def _head(made: Architecture, config: dict[str, Any], tensors: dict[str, Tensor]) -> list[Finding]:
    """A model whose input and output embedding are two has both."""
    inner = config.get("text_config")
    said = [
        part["tie_word_embeddings"]
        for part in (inner, config)
        if isinstance(part, dict) and "tie_word_embeddings" in part
    ]
    if not tensors or not made.name.endswith("ForCausalLM") or not said or any(said):
        return []
    if any(HEAD.search(name) for name in tensors):
        return []
    says = "config.json says that input and output embedding differ, and the output's is in no file (lm_head)."
    return [refuse("head-missing", says, "Files are missing: fetch the model anew.")]
