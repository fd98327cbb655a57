"""Makes a two-layer random Qwen3 with a byte tokenizer, and a LoRA adapter for it: real models; their text is noise.

The model says its words of letters and spaces in a fixed round, too long to be stopped as a loop, and never ends an
answer by itself: each has as many tokens as were asked for, all of them to be seen; one that has fewer was stopped.
"small" makes one with the measures of Qwen3-0.6B, which takes as long for a token as that does, and says as little.

Run by the interpreter of .venv-vllm: python tests/vllm/make_model.py MODEL_DIR [ADAPTER_DIR | small]
"""

import json
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


TINY = {  # heads of 32: the CPU attention knows no smaller ones
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
}
SMALL = {  # https://huggingface.co/Qwen/Qwen3-0.6B/blob/main/config.json
    "vocab_size": 151936,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
}


README = Path(__file__).parent.parent.parent / "README.md"


def main(out: Path, measures: dict[str, int]) -> None:
    """Write the model directory."""
    torch.manual_seed(0)
    small = measures is SMALL  # a token of it has some four letters, as of a real one
    bytes_ = Tokenizer(models.BPE())
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=6000 if small else 600, special_tokens=special, initial_alphabet=alphabet)
    texts = [Path(__file__), README] if small else [Path(__file__)]  # any with many words
    bytes_.train_from_iterator([text.read_text() for text in texts], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytes_, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(out)
    config = Qwen3Config(
        **{"vocab_size": len(tokenizer)} | measures,
        max_position_embeddings=16384,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
    )
    model = Qwen3ForCausalLM(config)
    says = [token for token in range(len(tokenizer)) if re.fullmatch("[A-Za-z ]+", tokenizer.decode([token]))]
    with torch.no_grad():  # after each of these comes the next: what the head looks for is the embedding before
        model.model.embed_tokens.weight.normal_()
        model.lm_head.weight.zero_()
        model.lm_head.weight[says] = model.model.embed_tokens.weight[says[-1:] + says[:-1]]
    model.to(torch.bfloat16).save_pretrained(out)


def adapter(out: Path, rank: int = 8) -> None:
    """Write an adapter directory, as PEFT would: random, and strong enough to say something else."""
    torch.manual_seed(1)
    out.mkdir(parents=True)
    weights = {}
    for layer in range(2):
        for name, size in {"q_proj": 64, "v_proj": 32}.items():
            key = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{key}.lora_A.weight"] = torch.randn(rank, 64, dtype=torch.bfloat16)
            weights[f"{key}.lora_B.weight"] = torch.randn(size, rank, dtype=torch.bfloat16)
    save_file(weights, str(out / "adapter_model.safetensors"))
    said = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": 16, "bias": "none"}
    (out / "adapter_config.json").write_text(json.dumps(said | {"target_modules": ["q_proj", "v_proj"]}))


if __name__ == "__main__":
    small = sys.argv[2:] == ["small"]
    main(Path(sys.argv[1]), SMALL if small else TINY)
    if len(sys.argv) > 2 and not small:
        adapter(Path(sys.argv[2]))
