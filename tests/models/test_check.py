"""Every kind of model directory, made on the spot and checked: the answer has to be right, nothing may be loaded."""

from __future__ import annotations

import json
import os
import pickle
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from models.made import CONFIG, LICENCES, adapter, embedder, licence, safetensors, shapes, whole, write_json
from typer.testing import CliRunner

from app.cli import cli
from app.models.architecture import SERVED
from app.models.check import Report, check
from app.models.findings import Severity
from app.models.hardware import named

INDEX = "model.safetensors.index.json"
VLLM = Path(__file__).parent.parent.parent / ".venv-vllm"
QUANTISATIONS = list(VLLM.glob("lib/python3*/site-packages/vllm/model_executor/layers/quantization/__init__.py"))


def refused(directory: Path, **options: object) -> set[str]:
    """The codes for which a directory is refused."""
    return {finding.code for finding in check(directory, **options).refused}  # type: ignore[arg-type]


def warned(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.severity is Severity.WARN}


# --- whole or not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shards", [1, 3])
def test_a_whole_model_may_be_served(tmp_path: Path, shards: int) -> None:
    report = check(whole(tmp_path / "m", shards=shards), cards=named("80GB"))
    assert (report.verdict, report.kind.value) == ("fit", "language model")
    # of so small files no place is looked at
    assert not any("a hundredth" in finding.says for finding in report.findings)
    assert report.licensing.name == "Apache-2.0"
    assert report.openness.level.value == "open source"
    assert report.architecture is not None
    assert report.architecture.parameters == 40 * 16 + 16 + 4 * 32 * 16
    assert report.weight_bytes == report.architecture.parameters * 2
    assert report.command is not None
    assert "--trust-remote-code" not in report.command.options


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", shards=3)
    (folder / "model-00002-of-00003.safetensors").unlink()
    report = check(folder)
    assert [(finding.code, finding.file) for finding in report.refused] == [
        ("shard-missing", "model-00002-of-00003.safetensors")
    ]
    (folder / INDEX).unlink()  # the names alone say that one is missing
    assert refused(folder) == {"shard-missing"}


def test_a_shard_cut_short_is_named_with_what_is_missing(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", shards=3)
    shard = folder / "model-00003-of-00003.safetensors"
    shard.write_bytes(shard.read_bytes()[:-10])
    finding = next(iter(check(folder).refused))
    assert (finding.code, finding.file) == ("cut-short", shard.name)
    assert "10 bytes" in finding.says
    shard.write_bytes(shard.read_bytes()[:40])  # within the header
    assert refused(folder) == {"cut-short"}
    shard.write_bytes(b"")
    assert refused(folder) == {"cut-short"}


def test_bytes_after_the_last_tensor_are_noticed(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"more")
    assert refused(folder) == {"trailing-bytes"}


def test_an_index_that_names_a_tensor_twice(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", shards=2)
    text = (folder / INDEX).read_text()
    twice = text.replace('"weight_map": {', '"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors", ')
    (folder / INDEX).write_text(twice)
    assert "index-names-twice" in refused(folder)


@pytest.mark.parametrize("spelling", ["./{}", "x/../{}", "hard link"])
def test_an_index_that_names_a_file_twice(tmp_path: Path, spelling: str) -> None:
    folder = whole(tmp_path / "m", shards=2)
    index = json.loads((folder / INDEX).read_text())
    name = "model-00001-of-00002.safetensors"
    tensor = next(tensor for tensor, file in index["weight_map"].items() if file == name)
    other = spelling.format(name)
    if spelling == "hard link":
        other = "model-again.safetensors"
        os.link(folder / name, folder / other)
    index["weight_map"][tensor] = other
    write_json(folder / INDEX, index)
    expected = "index-outside" if ".." in other else "index-file-twice"
    assert expected in refused(folder)


def test_an_index_against_its_shards(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", shards=2)
    index = json.loads((folder / INDEX).read_text())
    first, *_ = index["weight_map"]
    index["weight_map"][first] = "model-00002-of-00002.safetensors"
    index["weight_map"]["model.layers.0.gone.weight"] = "model-00001-of-00002.safetensors"
    write_json(folder / INDEX, index)
    assert refused(folder) == {"tensor-in-wrong-shard", "tensor-missing"}


def test_a_tensor_in_two_shards(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", shards=2)
    safetensors(folder / "model-00002-of-00002.safetensors", shapes())
    assert "tensor-twice" in refused(folder)


def test_layers_that_are_in_no_file(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", config={"num_hidden_layers": 5})
    assert refused(folder) == {"layers-missing"}


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_what_is_left_out_is_named(tmp_path: Path, name: str) -> None:
    folder = whole(tmp_path / "m")
    (folder / name).unlink()
    codes = {"config.json": "no-config", "tokenizer.json": "no-tokenizer", "model.safetensors": "no-weights"}
    assert codes[name] in refused(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])
def test_json_cut_short_is_named(tmp_path: Path, name: str) -> None:
    folder = whole(tmp_path / "m")
    (folder / name).write_bytes((folder / name).read_bytes()[:-3])
    findings = check(folder).refused
    assert ("bad-json", name) in {(finding.code, finding.file) for finding in findings}


def test_a_checksum_list_is_compared(tmp_path: Path) -> None:
    from hashlib import sha256

    folder = whole(tmp_path / "m")
    lines = [f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(lines))
    report = check(folder)
    assert report.verdict == "fit"
    assert report.checksums["hashed"] == len(lines)
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    assert [(finding.code, finding.file) for finding in check(folder).refused] == [("checksum", "model.safetensors")]
    (folder / "generation_config.json").unlink()
    assert "file-missing" in refused(folder)


# --- safe or not ---------------------------------------------------------------------------------------------------


class Bomb:
    """Whoever unpickles this writes a file."""

    def __init__(self, at: Path) -> None:
        self.at = at

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (os.system, (f"touch {self.at}",))


def test_pickles_only_are_refused_and_not_loaded(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "went-off")))
    assert refused(folder) == {"pickles-only"}
    assert not (tmp_path / "went-off").exists()


def test_both_formats_are_served_from_safetensors(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "went-off")))
    report = check(folder)
    assert report.refused == []
    assert warned(report) == {"pickles-beside"}
    assert report.command is not None
    assert report.command.options[:2] == ("--load-format", "safetensors")


def test_a_pickle_is_known_by_its_content(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb(tmp_path / "went-off"), protocol=4))
    assert refused(folder) == {"pickle-in-disguise"}
    (folder / "model.safetensors").unlink()
    (folder / "weights").write_bytes(pickle.dumps({"a": 1}, protocol=2))
    assert refused(folder) == {"pickles-only"}


def test_code_of_the_model_is_refused(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", config={"auto_map": {"AutoModelForCausalLM": "modeling_x.XForCausalLM"}})
    assert refused(folder) == {"remote-code"}
    (folder / "modeling_x.py").write_text(f"open({str(tmp_path / 'went-off')!r}, 'w')")
    assert refused(folder) == {"remote-code", "code"}
    assert not (tmp_path / "went-off").exists()
    tokenizer = whole(tmp_path / "t")
    write_json(
        tokenizer / "tokenizer_config.json", {"chat_template": "x", "auto_map": {"AutoTokenizer": ["t.T", None]}}
    )
    assert refused(tokenizer) == {"remote-code"}


def test_an_embedder_with_foreign_modules_is_refused(tmp_path: Path) -> None:
    folder = embedder(tmp_path / "m")
    write_json(folder / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "custom.Transformer"}])
    assert refused(folder) == {"remote-code"}


# --- hostile -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 2**40, 100_000_001])
def test_a_header_length_out_of_all_bounds(tmp_path: Path, length: int) -> None:
    folder = whole(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", length) + b"{}")
    assert refused(folder) <= {"bad-header", "cut-short"}
    assert refused(folder)


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 9999]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
        b'{"a": {"dtype": "F999", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [true], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {}}',
        b"[" * 200_000,
        b'{"a": {"dtype": "F32", "shape": [' + b"9" * 6000 + b'], "data_offsets": [0, 4]}}',
    ],
)
def test_headers_that_are_none(tmp_path: Path, header: bytes) -> None:
    folder = whole(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\x01" * 4)
    assert refused(folder) & {"bad-header", "bad-layout", "cut-short", "unknown-dtype", "tensor-twice"}


def test_links_out_of_the_directory_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.safetensors"
    safetensors(outside, shapes())
    folder = whole(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(outside)
    assert "link-outside" in refused(folder)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(folder / "nowhere")
    assert "broken-link" in refused(folder)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "up").symlink_to(tmp_path)
    assert {"broken-link", "link-outside"} <= refused(folder)


def test_a_snapshot_of_the_hubs_cache_is_a_directory_of_links(tmp_path: Path) -> None:
    repository = tmp_path / "models--company--tiny"
    made = whole(tmp_path / "made")
    snapshot = repository / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    for file in made.iterdir():
        blob = repository / "blobs" / file.name.encode().hex()
        file.rename(blob)
        (snapshot / file.name).symlink_to(Path("../../blobs") / blob.name)
    report = check(snapshot)
    assert (report.verdict, report.revision) == ("fit", "a" * 40)


def test_huge_and_deep_json_is_not_read(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    with (folder / "config.json").open("wb") as file:
        file.truncate(2 << 30)
    assert "too-large-json" in refused(folder)
    (folder / "config.json").write_text("[" * 500_000)
    assert "bad-json" in refused(folder)
    (folder / "config.json").write_text(json.dumps(CONFIG | {"num_hidden_layers": -5, "hidden_size": "x" * 99}))
    assert check(folder).refused == []  # odd, and said to be
    assert "odd-config" in warned(check(folder))


def test_a_sparse_file_is_not_taken_for_weights(tmp_path: Path) -> None:
    """Ten gigabytes that were set aside and never written: the right size, and nothing in it."""
    folder = whole(tmp_path / "m", shards=2)
    shard = folder / "model-00002-of-00002.safetensors"
    with shard.open("r+b") as file:
        file.truncate(10 << 30)
    codes = refused(folder)
    assert {"sparse-file", "trailing-bytes"} <= codes
    shard.unlink()
    with shard.open("wb") as file:
        file.truncate(10 << 30)
    assert {"sparse-file", "cut-short"} <= refused(folder)


def write_zeros(folder: Path, at: int, count: int, whence: int = os.SEEK_SET) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(at, whence)
        file.write(bytes(count))


def test_zeros_where_numbers_should_be_are_found_without_a_checksum(tmp_path: Path) -> None:
    """Of the right size, with every block written: as a disk set aside for a download leaves it."""
    folder = whole(tmp_path / "m")
    big = {f"model.layers.{at}.mlp.up_proj.weight": ("BF16", (256, 1024)) for at in range(4)}
    size = 4 * 256 * 1024 * 2
    for at, count in ((-100_000, 100_000), (-size * 2 // 3, size // 100), (-size // 7, size // 100)):
        safetensors(folder / "model.safetensors", shapes() | big)
        report = check(folder)
        assert report.refused == []
        told = next(finding for finding in report.findings if finding.code == "weights-not-read")
        assert "a hundredth of a file" in told.says
        assert "a changed number is not" in told.says
        assert 100 < report.checksums["places"] <= 128
        write_zeros(folder, at, count, os.SEEK_END)
        report = check(folder)
        assert [finding.code for finding in report.refused] == ["zeroed"]
        assert "model.safetensors" in report.refused[0].says
        assert "model_waivers" in report.refused[0].do


def test_zeros_that_are_meant_are_no_fault(tmp_path: Path) -> None:
    """Adapters before training, norms, biases, words that nothing uses, and a layer that begins as nothing."""
    folder = whole(tmp_path / "m")
    big = ("BF16", (256, 1024))  # half a MiB
    named = {"a.lora_A.weight": big, "a.lora_B.weight": big, "a_norm.weight": big, "b.bias": big, "x.weight": big}
    for name in ("a.lora_B.weight", "a_norm.weight", "b.bias", "x.weight"):
        safetensors(folder / "model.safetensors", shapes() | named | {"y.weight": big})
        at = len((folder / "model.safetensors").read_bytes()) - (len(named) + 1 - list(named).index(name)) * (1 << 19)
        write_zeros(folder, at, 1 << 19)
        report = check(folder)
        assert report.refused == []
        assert warned(report) == ({"zero-tensor"} if name == "x.weight" else set())
    words = {"model.embed_tokens.weight": ("BF16", (4096, 256)), "y.weight": big}
    safetensors(folder / "model.safetensors", words)
    write_zeros(folder, -(1 << 19) - (100 << 10), 100 << 10, os.SEEK_END)  # of 2 MiB, a twentieth
    assert refused(folder) <= {"layers-missing"}


def test_no_directory_and_an_empty_one(tmp_path: Path) -> None:
    assert refused(tmp_path / "none") == {"no-directory"}
    (tmp_path / "file").write_text("x")
    assert refused(tmp_path / "file") == {"no-directory"}
    (tmp_path / "empty").mkdir()
    report = check(tmp_path / "empty")
    assert [finding.code for finding in report.findings] == ["empty"]
    os.mkfifo(tmp_path / "empty" / "pipe")
    assert "no-file" in refused(tmp_path / "empty")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    (folder / "model.safetensors").chmod(0)
    assert "unreadable" in refused(folder)


# --- kinds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "said", "dtype"),
    [
        ("gptq", {"quant_method": "gptq", "bits": 4, "group_size": 128}, "I32"),
        ("awq", {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}, "I32"),
        ("fp8", {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}, "F8_E4M3"),
        ("modelopt", {"quant_method": "modelopt", "quant_algo": "NVFP4"}, "I32"),
    ],
)
def test_quantised_models_are_recognised(tmp_path: Path, method: str, said: dict[str, object], dtype: str) -> None:
    folder = whole(tmp_path / "m", config={"quantization_config": said})
    tensors = {}
    for name, (kind, shape) in shapes().items():
        if "proj" not in name:
            tensors[name] = (kind, shape)
        elif dtype == "I32":
            tensors[name.replace(".weight", ".qweight")] = ("I32", (shape[0] // 8, shape[1]))
            tensors[name.replace(".weight", ".scales")] = ("F16", (1, shape[1]))
        else:
            tensors[name] = (dtype, shape)
    safetensors(folder / "model.safetensors", tensors)
    report = check(folder)
    assert report.verdict == "fit"
    assert report.architecture is not None
    assert report.architecture.quantisation is not None
    assert report.architecture.quantisation.method == method
    assert report.architecture.quantisation.bits == (8 if dtype == "F8_E4M3" else 4)
    assert report.architecture.parameters == 40 * 16 + 16 + 4 * 32 * 16  # packed ones counted as what they stand for
    assert report.command is not None
    assert "--quantization" not in report.command.options
    plain = whole(tmp_path / "plain", config={"quantization_config": said})
    assert "not-quantised" in warned(check(plain))


@pytest.mark.parametrize(
    "said",
    [
        {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
        {"quantization_config": {"quant_method": "exl2", "bits": 4}},
        {"quantization": {"group_size": 64, "bits": 4}, "quantization_config": {"group_size": 64, "bits": 4}},
    ],
    ids=["bitsandbytes", "exl2", "mlx"],
)
def test_weights_stored_in_a_way_that_the_server_does_not_know(tmp_path: Path, said: dict[str, object]) -> None:
    folder = whole(tmp_path / "m", config=said)
    safetensors(folder / "model.safetensors", shapes() | {"model.layers.0.mlp.gate.weight": ("U8", (64,))})
    assert refused(folder) == {"quantisation-unserved"}


@pytest.mark.skipif(not QUANTISATIONS, reason="vLLM is not installed: sh deploy/vllm install cpu")
def test_the_ways_that_are_served_are_vllms() -> None:
    said = QUANTISATIONS[0].read_text(encoding="utf-8").split("Literal[", 1)[1].split("]", 1)[0]
    assert SERVED - {"auto-round"} <= set(re.findall(r'"([^"]+)"', said))
    assert "bitsandbytes" not in said


def test_sizes_that_config_json_leaves_to_its_class_are_read_from_the_weights(tmp_path: Path) -> None:
    """As Gemma 3's says neither heads nor vocabulary nor which layers look all the way back."""
    folder = whole(tmp_path / "m")
    inner = {"model_type": "gemma3_text", "hidden_size": 16, "num_hidden_layers": 6, "sliding_window": 1024}
    said = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": inner}
    write_json(folder / "config.json", said)
    tensors = {"language_model.model.embed_tokens.weight": ("BF16", (48, 16))}
    tensors["vision_tower.encoder.layers.0.self_attn.k_proj.weight"] = ("BF16", (8, 8))
    for layer in range(6):
        begins = f"language_model.model.layers.{layer}.self_attn"
        tensors[f"{begins}.q_proj.weight"] = ("BF16", (64, 16))
        tensors[f"{begins}.k_proj.weight"] = ("BF16", (32, 16))
        tensors[f"{begins}.k_norm.weight"] = ("BF16", (16,))
    safetensors(folder / "model.safetensors", tensors)
    made = check(folder).architecture
    assert made is not None
    assert (made.heads, made.kv_heads, made.head_dim, made.vocabulary) == (4, 2, 16, 48)
    assert (made.sliding_window, made.windowed_layers) == (1024, 5)


@pytest.mark.parametrize(
    ("said", "context", "token"),
    [
        ({}, 32768, 128),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8192}}, 32768, 128),
        ({"rope_scaling": {"rope_type": "linear", "factor": 2.0}}, 65536, 128),
        ({"rope_parameters": {"type": "dynamic", "factor": 2}}, 65536, 128),
        ({"rope_scaling": {"rope_type": "linear", "factor": float("inf")}}, 32768, 128),
        ({"rope_scaling": {"rope_type": "linear", "factor": float("nan")}}, 32768, 128),
        ({"layer_types": ["linear_attention", "full_attention"]}, 32768, 64),
        ({"full_attention_interval": 2}, 32768, 64),
        ({"attn_layer_period": 8, "attn_layer_offset": 1}, 32768, 64),
        ({"hybrid_override_pattern": "M*"}, 32768, 64),
        ({"attn_type_list": [0, 1]}, 32768, 64),
        ({"full_attn_idxs": [1]}, 32768, 64),
        ({"linear_attn_config": {"kda_layers": [1], "full_attn_layers": [2]}}, 32768, 64),
        ({"layer_types": ["full_attention"] * 2, "num_kv_shared_layers": 1}, 32768, 64),
        ({"sliding_window": 512, "_sliding_window_pattern": 2}, 32768, 64),
        ({"sliding_window": 512, "model_type": "gemma2"}, 32768, 64),
        ({"kv_lora_rank": 512, "qk_rope_head_dim": 64}, 32768, 2 * 576 * 2),
    ],
)
def test_context_and_cache_are_counted_as_the_server_does(
    tmp_path: Path, said: dict[str, object], context: int, token: int
) -> None:
    report = check(whole(tmp_path / "m", config=said))
    assert report.architecture is not None
    assert (report.architecture.context, report.memory[0]["kv_bytes_per_token"]) == (context, token)


def test_an_embedder_with_weights_for_other_programs_beside_and_a_dense_module(tmp_path: Path) -> None:
    folder = embedder(tmp_path / "m")
    (folder / "openvino").mkdir()
    (folder / "openvino" / "openvino_model.xml").write_text("<net/>")
    (folder / "openvino" / "openvino_model.bin").write_bytes(b"\x01" * 100)
    modules = json.loads((folder / "modules.json").read_text())
    dense = {"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"}
    write_json(folder / "modules.json", [*modules, dense])
    safetensors(folder / "3_Dense" / "model.safetensors", {"linear.weight": ("F32", (8, 16))})
    write_json(folder / "3_Dense" / "config.json", {"activation_function": "torch.nn.modules.activation.Tanh"})
    assert check(folder).verdict == "fit"
    write_json(folder / "3_Dense" / "config.json", {"activation_function": "os.system"})
    assert refused(folder) == {"remote-code"}
    write_json(folder / "3_Dense" / "config.json", {})
    (folder / "openvino" / "openvino_model.bin").write_bytes(pickle.dumps({}, protocol=4))
    assert refused(folder) == {"pickles-only"}
    assert check(whole(tmp_path / "q", config={"architectures": ["Qwen3Model"]})).kind.value == "embedder"


def test_an_adapter_needs_its_base(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "mia", base="company/base")
    report = check(folder)
    assert report.kind.value == "LoRA adapter"
    assert {finding.code for finding in report.refused} == {"adapter-needs-base"}
    base = whole(tmp_path / "base")
    report = check(folder, base=base)
    assert report.refused == []
    assert report.command is not None
    options = " ".join(report.command.options)
    assert f"--enable-lora --max-lora-rank 16 --lora-modules mia={folder}" in options
    assert report.command.directory == base
    (base / "model.safetensors").unlink()
    assert "base-no-weights" in refused(folder, base=base)


def test_an_embedder_and_a_reranker(tmp_path: Path) -> None:
    report = check(embedder(tmp_path / "e"))
    assert (report.kind.value, report.verdict) == ("embedder", "fit")
    assert report.command is not None
    assert "pooling" in report.command.options
    (tmp_path / "e" / "1_Pooling" / "config.json").unlink()
    assert refused(tmp_path / "e") == {"module-missing"}
    folder = whole(tmp_path / "r", config={"architectures": ["XLMRobertaForSequenceClassification"]})
    assert check(folder).kind.value == "reranker"
    qwen = check(whole(tmp_path / "Qwen3-Reranker-0.6B"))
    assert qwen.kind.value == "reranker"
    assert qwen.command is not None
    assert "Qwen3ForSequenceClassification" in " ".join(qwen.command.options)


# --- the command line ----------------------------------------------------------------------------------------------


def test_the_command_says_it_in_json_and_in_words(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    done = CliRunner().invoke(cli, ["models", "check", str(folder), "--card", "80GB", "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["verdict"] == "fit"
    assert report["memory"][0]["contexts"][0]["people_at_once"] > 0
    assert report["command"]["vllm"][:2] == ["vllm", "serve"]
    (folder / "LICENSE").unlink()
    done = CliRunner().invoke(cli, ["models", "check", str(folder), "--card", "80GB"])
    assert done.exit_code == 1
    assert "There is no licence" in done.stdout
    done = CliRunner().invoke(cli, ["models", "check", str(folder), "--card", "a big one"])
    assert done.exit_code != 0


def test_the_check_imports_nothing_that_could_load_a_model(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    script = (
        "import sys\nfrom pathlib import Path\nfrom app.models.check import check\n"
        f"check(Path({str(folder)!r}))\n"
        "print([name for name in ('torch', 'transformers', 'safetensors', 'pickle', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_licence_under_any_name_is_read_by_its_words(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    (folder / "LICENSE").unlink()
    licence(folder, "MIT", "readable.txt")
    assert check(folder).licensing.name == "MIT"
    (folder / "readable.txt").unlink()
    (folder / "APACHE-LICENSE-2.0").write_text((LICENCES / "CC-BY-NC-4.0.txt").read_text())
    assert refused(folder) == {"non-commercial"}


# --- nastier -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["config.json", "0_Transformer/config.json", "preprocessor_config.json"])
def test_code_is_found_in_configurations_within_configurations(tmp_path: Path, file: str) -> None:
    folder = whole(tmp_path / "m")
    within = {"text_config": {"auto_map": {"AutoModel": "other/repository--x.Y"}}}
    write_json(folder / file, (CONFIG if file == "config.json" else {}) | within)
    assert refused(folder) == {"remote-code"}


@pytest.mark.parametrize(
    "said",
    [
        {"sentence_transformers": {"activation_fn": "evil.module.Step"}},
        {"sbert_ce_default_activation_function": "os.x"},
    ],
)
def test_the_last_step_of_a_reranker_is_no_way_to_import_code(tmp_path: Path, said: dict[str, object]) -> None:
    reranker = {"architectures": ["BertForSequenceClassification"]}
    assert refused(whole(tmp_path / "m", config=reranker | said)) == {"remote-code"}
    own = {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}
    assert refused(whole(tmp_path / "own", config=reranker | own)) == set()


def test_a_chat_template_that_reaches_for_python_is_refused(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    write_json(folder / "tokenizer_config.json", {"chat_template": "{{ ''.__class__.mro() }}"})
    assert refused(folder) == {"template-code"}
    write_json(folder / "tokenizer_config.json", {})
    (folder / "chat_template.jinja").write_text("{{ cycler.__init__.__globals__.os.popen('id') }}")
    assert refused(folder) == {"template-code"}
    (folder / "chat_template.jinja").write_text("{% if m.role == 'user' %}<__media__>{{ m.content }}{% endif %}")
    assert refused(folder) == set()


def test_pickles_and_other_formats_are_weights_that_are_open_all_the_same(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    assert check(folder).openness.level.value == "open source"
    (folder / "pytorch_model.bin").rename(folder / "model.gguf")
    assert check(folder).openness.level.value == "open source"
    (folder / "model.gguf").unlink()
    assert check(folder).openness.level.value == "API only"


def test_a_pickle_may_call_itself_text(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    (folder / "extra.json").write_bytes(pickle.dumps({"a": 1}, protocol=4))
    assert warned(check(folder)) == {"pickles-beside"}


@pytest.mark.parametrize(
    ("config", "code"), [({"num_hidden_layers": 10**9}, "layers-missing"), ({"num_hidden_layers": 1}, "shape")]
)
def test_more_or_fewer_layers_than_config_says(tmp_path: Path, config: dict[str, object], code: str) -> None:
    report = check(whole(tmp_path / "m", config=config))
    assert code in {finding.code for finding in report.findings}


def test_an_expert_or_the_output_that_is_in_no_file(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", config={"architectures": ["Qwen3MoeForCausalLM"], "tie_word_embeddings": False})
    assert refused(folder) == {"head-missing"}
    tensors = shapes() | {"lm_head.weight": ("BF16", (40, 16))}
    for layer in (0, 1):
        tensors |= {f"model.layers.{layer}.mlp.experts.{one}.up_proj.weight": ("BF16", (8, 16)) for one in range(4)}
    safetensors(folder / "model.safetensors", tensors)
    report = check(folder)
    assert report.refused == []
    assert report.architecture is not None
    assert not report.architecture.tied
    del tensors["model.layers.1.mlp.experts.3.up_proj.weight"]
    safetensors(folder / "model.safetensors", tensors)
    assert refused(folder) == {"experts-missing"}


def test_the_layers_of_what_sees_do_not_stand_for_those_that_write(tmp_path: Path) -> None:
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "text_config": CONFIG | {"num_hidden_layers": 4}}
    folder = whole(tmp_path / "m", config=config)
    seen = {f"vision_tower.encoder.layers.{layer}.x.weight": ("BF16", (4, 4)) for layer in range(8)}
    safetensors(folder / "model.safetensors", shapes() | seen)
    assert refused(folder) == {"layers-missing"}
    safetensors(folder / "model.safetensors", shapes(4) | seen)
    report = check(folder)
    assert (report.refused, report.kind.value) == ([], "language model")


@pytest.mark.parametrize("name", ["quantize_config.json", "quant_config.json", "hf_quant_config.json"])
def test_quantisation_that_is_said_in_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    folder = whole(tmp_path / "m")
    said = {"w_bit": 4} if name.startswith("quant_") else {"bits": 4}
    write_json(folder / name, {"quantization": {"quant_algo": "NVFP4"}} if name.startswith("hf") else said)
    quantisation = check(folder).architecture.quantisation  # type: ignore[union-attr]
    assert quantisation is not None
    assert (quantisation.method, quantisation.bits) == (
        {"quan": "gptq", "hf_q": "modelopt"}[name[:4]] if not name.startswith("quant_") else "awq",
        4,
    )


def test_numbers_beside_packed_weights_are_not_counted(tmp_path: Path) -> None:
    said = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    folder = whole(tmp_path / "m", config={"quantization_config": said})
    tensors = {}
    for name, (kind, shape) in shapes().items():
        if "proj" not in name:
            tensors[name] = (kind, shape)
            continue
        tensors[name] = ("U8", (shape[0] * shape[1] // 2, 1))
        tensors[f"{name}.absmax"] = ("U8", (8,))
        tensors[f"{name}.quant_map"] = ("F32", (16,))
        tensors[f"{name}.quant_state.bitsandbytes__nf4"] = ("U8", (80,))
    safetensors(folder / "model.safetensors", tensors)
    report = check(folder)
    assert (report.verdict, report.architecture and report.architecture.parameters) == (
        "refused",
        40 * 16 + 16 + 4 * 32 * 16,
    )


@pytest.mark.parametrize(
    "said",
    [
        {"architectures": ["WhisperForConditionalGeneration"]},
        {"architectures": ["T5ForConditionalGeneration"]},
        {"architectures": ["LEDForConditionalGeneration"], "is_encoder_decoder": True},
        {
            "architectures": ["XLMRobertaForSequenceClassification"],
            "id2label": {"0": "bad", "1": "middling", "2": "good"},
        },
    ],
)
def test_what_neither_answers_nor_ranks_gets_no_command(tmp_path: Path, said: dict[str, object]) -> None:
    report = check(whole(tmp_path / "m", config=said))
    assert (report.kind.value, report.command, warned(report)) == ("unknown", None, {"unknown-kind"})


@pytest.mark.parametrize(
    "said",
    [
        {"use_dora": True},
        {"r": 1000},
        {"r": "x"},
        {"rank_pattern": {"q_proj": 1024}},
        {"init_lora_weights": "pissa"},
        {"modules_to_save": ["lm_head"]},
        {"bias": "all"},
    ],
)
def test_an_adapter_that_the_server_would_refuse(tmp_path: Path, said: dict[str, object]) -> None:
    folder, base = adapter(tmp_path / "mia"), whole(tmp_path / "base")
    assert refused(folder, base=base) == set()
    made = json.loads((folder / "adapter_config.json").read_text())
    write_json(folder / "adapter_config.json", made | said)
    assert refused(folder, base=base) == {"adapter-unserved"}


def test_the_server_is_told_the_largest_rank_and_no_more_cards_than_the_base_needs(tmp_path: Path) -> None:
    folder, base = adapter(tmp_path / "mia"), whole(tmp_path / "base")
    made = json.loads((folder / "adapter_config.json").read_text())
    write_json(folder / "adapter_config.json", made | {"rank_pattern": {"q_proj": 40}})
    command = check(folder, base=base, cards=named("2x24GB")).command
    assert command is not None
    assert command.options[command.options.index("--max-lora-rank") + 1] == "64"
    assert "--tensor-parallel-size" not in command.options


@pytest.mark.parametrize(
    ("half", "shape", "code"),
    [("A", (12, 64), "adapter-base"), ("B", (64, 12), "adapter-base"), ("A", None, "adapter-half")],
)
def test_matrices_of_an_adapter_that_do_not_fit(
    tmp_path: Path, half: str, shape: tuple[int, int] | None, code: str
) -> None:
    folder, base = adapter(tmp_path / "mia"), whole(tmp_path / "base")
    changed = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
    matrices = {f"{changed}A.weight": ("F32", (12, 16)), f"{changed}B.weight": ("F32", (32, 12))}
    if shape is None:
        del matrices[f"{changed}{half}.weight"]
    else:
        matrices[f"{changed}{half}.weight"] = ("F32", shape)
    safetensors(folder / "adapter_model.safetensors", matrices)
    assert refused(folder, base=base) == {code}


def test_an_adapter_that_would_import_a_library_of_its_own(tmp_path: Path) -> None:
    folder, base = adapter(tmp_path / "mia"), whole(tmp_path / "base")
    made = json.loads((folder / "adapter_config.json").read_text())
    for library, codes in (("transformers.models.qwen3.modeling_qwen3", set()), ("evil.code", {"remote-code"})):
        write_json(folder / "adapter_config.json", made | {"auto_mapping": {"parent_library": library}})
        assert refused(folder, base=base) == codes


def test_front_matter_that_refers_to_itself_is_not_written_out(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    lists = "".join(f"- &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 30))
    (folder / "README.md").write_text(f"---\nlicense: apache-2.0\ntags:\n- &a0 [x, x]\n{lists}- text-ranking\n---\n")
    assert check(folder).kind.value == "reranker"


def test_configurations_without_end_are_not_read(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m")
    for at in range(12):
        (folder / f"{at:02}_config.json").write_text('{"a": "' + "x" * 1_000_000 + '"}')
    (said,) = check(folder).refused
    assert (said.code, said.file) == ("too-large-json", "08_config.json")


def test_names_that_are_no_text_are_said_in_json(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", shards=2)
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"]["model.norm.weight"] = "\ud800.safetensors"
    write_json(folder / INDEX, index)
    done = CliRunner().invoke(cli, ["models", "check", str(folder), "--card", "80GB", "--json"])
    assert "shard-missing" in {finding["code"] for finding in json.loads(done.stdout)["findings"]}


def test_an_adapter_of_a_deeper_model(tmp_path: Path) -> None:
    folder, base = adapter(tmp_path / "mia"), whole(tmp_path / "base", config={"num_hidden_layers": 1})
    assert refused(folder, base=base) == {"adapter-base"}


def test_a_model_a_folder_further_down_is_pointed_to(tmp_path: Path) -> None:
    whole(tmp_path / "m" / "inner")
    report = check(tmp_path / "m")
    (within,) = [finding for finding in report.findings if finding.code == "model-within"]
    assert str(tmp_path / "m" / "inner") in within.do
    assert str(tmp_path / "m" / "inner") in check(tmp_path / "m").refused[0].do
    assert "no-config" in refused(tmp_path / "m")


@pytest.mark.parametrize(("file", "text"), [("tokenizer.json", "{}"), ("1_Pooling/config.json", "{")])
def test_small_files_that_hold_nothing(tmp_path: Path, file: str, text: str) -> None:
    folder = embedder(tmp_path / "m")
    (folder / file).write_text(text)
    assert [(finding.code, finding.file) for finding in check(folder).refused] == [("bad-json", file)]


def test_names_in_a_model_directory_order_no_terminal(tmp_path: Path) -> None:
    folder = whole(tmp_path / "m", config={"architectures": ["\x1b[31mEvil"]})
    (folder / "\x1b]8;;evil.example\x07.bin").write_bytes(pickle.dumps({}))
    done = CliRunner().invoke(cli, ["models", "check", str(folder), "--card", "80GB"])
    assert "evil.example" in done.stdout
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout
