"""The arithmetic of memory, the cards as the makers' tools print them, the profiles, and what fits."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from models.made import whole
from typer.testing import CliRunner

from app.cli import cli
from app.models import hardware, memory
from app.models.architecture import architecture
from app.models.hardware import GIB, Card, named
from app.models.licences import licences
from app.models.memory import Storage, split
from app.models.plan import plan
from app.models.profiles import FOLDER, hardware_profiles, model_profiles
from storage.errors import ModelError, SettingError

VLLM = Path(__file__).parent.parent.parent / ".venv-vllm" / "bin" / "vllm"
QWEN3_4B = {
    "architectures": ["Qwen3ForCausalLM"],
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151936,
    "max_position_embeddings": 262144,
    "tie_word_embeddings": True,
}

# --- the arithmetic ------------------------------------------------------------------------------------------------


def test_grouped_query_attention() -> None:
    made = architecture(QWEN3_4B, {})
    assert memory.kv_token(made) == 2 * 36 * 8 * 128 * 2 == 147_456
    assert memory.kv_token(made, cards=4) == 147_456 // 4
    assert memory.kv_token(made, cards=16) == 147_456 // 8  # a head is not split
    assert memory.kv_person(made, 262_144) == 36 * GIB


def test_multi_head_latent_attention_keeps_less() -> None:
    """DeepSeek-V3: 61 layers, 512 + 64 numbers a token and layer, the same on every card."""
    made = architecture(
        QWEN3_4B | {"num_hidden_layers": 61, "kv_lora_rank": 512, "qk_rope_head_dim": 64, "num_attention_heads": 128},
        {},
    )
    assert memory.kv_token(made) == memory.kv_token(made, cards=8) == 61 * 576 * 2


def test_a_sliding_window_keeps_no_more_than_the_window() -> None:
    config = QWEN3_4B | {
        "num_hidden_layers": 4,
        "sliding_window": 128,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    }
    made = architecture(config, {})
    layer = 2 * 8 * 128 * 2
    assert made.windowed_layers == 2
    assert memory.kv_person(made, 100) == 4 * layer * 100
    assert memory.kv_person(made, 10_000) == 2 * layer * 10_000 + 2 * layer * 128
    assert architecture(config | {"use_sliding_window": False}, {}).windowed_layers == 0


def test_the_parts_add_up_and_are_shown() -> None:
    profile = next(profile for profile in model_profiles() if profile.id == "Qwen/Qwen3-4B-Instruct-2507")
    made = profile.architecture(profile.variants[0])
    part = split(made, Storage(name="bf16", bits=16), card=24 * GIB, context=4000)
    assert part.weights == profile.sizes.parameters * 2
    assert part.budget == part.weights + part.activations + part.overhead + part.kv
    assert part.people == part.kv // (4000 * 147_456)
    assert "2 × 36 layers × 8 KV heads × 128 × 2 bytes = 147,456 bytes" in "\n".join(part.lines)
    four = split(made, Storage(name="4-bit", bits=4), card=24 * GIB, context=4000)
    eight = split(made, Storage(name="8-bit", bits=8), card=24 * GIB, context=4000)
    assert four.weights < eight.weights < part.weights
    assert split(made, Storage(name="bf16", bits=16), card=4 * GIB, context=4000).people == 0


# --- the cards -----------------------------------------------------------------------------------------------------
# What the tools printed on other people's hosts, as they published it on GitHub, shortened. nvidia-smi: sizes in
# modal-labs/modal-client pull 2797, and a DGX Spark with driver 580; rocm-smi: marimo-team/marimo issue 9237, and a
# gfx950 with driver 6.14; xpu-smi: intel/xpumanager doc/smi_user_guide.md, and a Max 1100 with Linux 5.15; npu-smi:
# 24.1 and 26.0 on hosts with 910B. Not recorded by us: our tests run on no such host.

NVIDIA = "NVIDIA H100 80GB HBM3, 81559\nNVIDIA L4, 23034\nNVIDIA GB10, [N/A]\n"
AMD = """WARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status
{"card0": {"GPU use (%)": "0", "VRAM Total Memory (B)": "21458059264", "VRAM Total Used Memory (B)": "27856896",
"Card Series": "Radeon RX 7900 XT", "Card Model": "0x744c", "Card Vendor": "Advanced Micro Devices, Inc. [AMD/ATI]",
"Card SKU": "D70401XT", "Node ID": "1", "GUID": "26967", "GFX Version": "gfx1100"},
"card1": {"GPU use (%)": "99", "VRAM Total Memory (B)": "308902100992", "VRAM Total Used Memory (B)": "200804560896",
"Card Model": "0x75b0", "GUID": "29921", "GFX Version": "gfx950"},
"system": {"Driver version": "6.14.14", "PID721888": "python3, 0, 0, 0, 0"}}"""
INTEL_LIST = """{
    "device_list": [
        {
            "device_id": 0,
            "device_name": "Intel(R) Graphics [0x020a]",
            "device_type": "GPU",
            "pci_bdf_address": "0000:4d:00.0",
            "pci_device_id": "0x20a",
            "uuid": "00000000-0000-0000-0000-020a00008086",
            "vendor_name": "Intel(R) Corporation"
        }
    ]
}"""
INTEL = """{"device_id": 0, "device_name": "Intel(R) Data Center GPU Max 1100", "kernel_version": "5.15.0-122-generic",
"max_mem_alloc_size_byte": "48946688000", "memory_bus_width": "128", "memory_free_size_byte": "51493543936",
"memory_physical_size_byte": "51522830336", "number_of_tiles": "1", "vendor_name": "Intel(R) Corporation"}"""
ASCEND = """+------------------------------------------------------------------------------------------------+
| npu-smi 24.1.rc1                 Version: 24.1.rc1                                             |
+---------------------------+---------------+----------------------------------------------------+
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |
+===========================+===============+====================================================+
| 0     910B3               | OK            | 101.8       43                0    / 0             |
| 0                         | 0000:C1:00.0  | 0           0    / 0          3318 / 65536         |
+===========================+===============+====================================================+
| 1     910B2C              | OK            | 86.8        35                0    / 0             |
| 0                         | 0000:66:00.0  | 0           0    / 0          59356/ 65536         |
+---------------------------+---------------+----------------------------------------------------+
| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |
+===========================+===============+====================================================+
"""
# two chips a card, each with its number in the host (as in vllm-ascend's issues; shortened), and 310P, which has no HBM
ASCEND_PAIRS = """
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
| Chip  Phy-ID              | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |
+===========================+===============+====================================================+
| 0     Ascend910           | OK            | 171.2       36                0    / 0             |
| 0     0                   | 0000:9D:00.0  | 0           0    / 0          3117 / 65536         |
+------------------------------------------------------------------------------------------------+
| 0     Ascend910           | OK            | -           35                0    / 0             |
| 1     1                   | 0000:9F:00.0  | 0           0    / 0          2889 / 65536         |
+===========================+===============+====================================================+
| 8       310P3             | OK              | NA           42                0     / 0             |
| 0       0                 | 0000:C1:00.0    | 0            1860 / 44280                            |
"""
ASCEND_26 = """
| npu-smi 26.0.rc1                            Version: 26.0.rc1                                                    |
+---------------------------+---------------+----------------------------------------------------------------------+
| NPU   Name                | Health        | Power(W)             Temp(C)                 Hugepages-Usage(page)   |
| Chip                      | Bus-Id        | AICore(%)            Memory-Usage(MB)        HBM-Usage(MB)           |
+===========================+===============+======================================================================+
| 0     910B4               | OK            | 82.6                 32                      0    / 0                |
| 0                         | 0000:C1:00.0  | 0                    0    / 0                2871 / 32768            |
+===========================+===============+======================================================================+
+---------------------------+---------------+----------------------------------------------------------------------+
| NPU     Chip              | Process id    | Process name       | Process memory(MB)    | Process id in container |
+===========================+===============+======================================================================+
| No running processes found in NPU 0                                                                              |
"""


def test_what_the_makers_tools_print_is_read() -> None:
    assert hardware.parse_nvidia(NVIDIA) == [
        Card(name="NVIDIA H100 80GB HBM3", maker="nvidia", bytes=81559 << 20),
        Card(name="NVIDIA L4", maker="nvidia", bytes=23034 << 20),
        Card(name="NVIDIA GB10", maker="nvidia", bytes=hardware.processor().bytes),  # one memory for both
    ]
    assert hardware.parse_nvidia("NVIDIA-SMI has failed because it couldn't communicate with the driver.\n") == []
    assert [(card.name, card.bytes) for card in hardware.parse_amd(AMD)] == [
        ("Radeon RX 7900 XT", 21_458_059_264),
        ("0x75b0", 308_902_100_992),
    ]
    assert hardware.parse_amd(f"{AMD}\nWARNING: \t\t One or more commands failed\n") == hardware.parse_amd(AMD)
    assert hardware.parse_amd("nothing") == []
    assert [card.bytes for card in hardware.parse_intel(INTEL)] == [51_522_830_336]
    read = [(card.name, card.bytes) for text in (ASCEND, ASCEND_26) for card in hardware.parse_ascend(text)]
    assert read == [("Ascend 910B3", 64 * GIB), ("Ascend 910B2C", 64 * GIB), ("Ascend 910B4", 32 * GIB)]
    read = [(card.name, card.bytes) for card in hardware.parse_ascend(ASCEND_PAIRS)]
    assert read == [("Ascend 910", 64 * GIB), ("Ascend 910", 64 * GIB), ("Ascend 310P3", 44_280 << 20)]


def test_the_tools_are_run_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [card.maker for card in hardware.this_host()] == ["cpu"]
    tool = tmp_path / "xpu-smi"
    tool.write_text(f"#!/bin/sh\nif [ \"$2\" = -j ]; then echo '{INTEL_LIST}'; else echo '{INTEL}'; fi\n")
    tool.chmod(0o755)
    assert [(card.maker, card.bytes) for card in hardware.this_host()] == [("intel", 51_522_830_336)]
    tool.write_text("#!/bin/sh\nexit 3\n")
    assert [card.maker for card in hardware.this_host()] == ["cpu"]


@pytest.mark.parametrize(
    ("text", "count", "gib", "maker"),
    [
        ("80GB", 1, 80, "nvidia"),
        ("2x48GB", 2, 48, "nvidia"),
        ("4 x H100", 4, 80, "nvidia"),
        ("MI300X", 1, 192, "amd"),
        ("A100-40GB", 1, 40, "nvidia"),
        ("Ascend 910B3", 1, 64, "ascend"),
        ("Max 1550", 1, 128, "intel"),
        ("cpu:64GB", 1, 64, "cpu"),
    ],
)
def test_cards_named_by_hand(text: str, count: int, gib: int, maker: str) -> None:
    cards = named(text)
    assert (len(cards), cards[0].bytes, cards[0].maker) == (count, gib * GIB, maker)


@pytest.mark.parametrize("text", ["", "big", "0GB", "99999GB", "2x"])
def test_cards_that_are_none(text: str) -> None:
    with pytest.raises(SettingError, match="--card"):
        named(text)


# --- the profiles --------------------------------------------------------------------------------------------------


def test_every_profile_follows_the_schema_and_the_issue() -> None:
    profiles = {profile.id: profile for profile in model_profiles()}
    assert len(profiles) == len(list(FOLDER.glob("*.toml")))
    assert [variant.storage for variant in profiles["Qwen/Qwen3-4B-Instruct-2507"].variants] == [
        "bf16",
        "8-bit",
        "4-bit",
    ]
    assert {"Qwen/Qwen3-Embedding-0.6B", "BAAI/bge-m3"} <= set(profiles)
    assert {"Qwen/Qwen3-Reranker-0.6B", "BAAI/bge-reranker-v2-m3"} <= set(profiles)
    permissive = {
        profile.size
        for profile in profiles.values()
        if profile.kind == "language model" and licences()[profile.licence].kind in ("notice", "permissive")
    }
    assert permissive == {"small", "middle", "large"}
    assert set(hardware_profiles()) == {"nvidia", "amd", "intel", "ascend", "cpu"}
    for profile in profiles.values():
        assert profile.openness.level != "open source" or licences()[profile.licence].open
        assert "--trust-remote-code" not in profile.arguments


def test_a_profile_that_breaks_the_schema_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text((FOLDER / "phi-4.toml").read_text().replace("layers = 40", "layers = -1"))
    with pytest.raises(ModelError, match=r"x\.toml is wrong at sizes\.layers"):
        model_profiles(tmp_path)
    file.write_text((FOLDER / "phi-4.toml").read_text() + "\n[colour]\nis = 'red'\n")
    with pytest.raises(ModelError, match="colour"):
        model_profiles(tmp_path)


def options_of(arguments: list[str]) -> dict[str, str | None]:
    made: dict[str, str | None] = {}
    for at, word in enumerate(arguments):
        if word.startswith("--"):
            after = arguments[at + 1] if at + 1 < len(arguments) else "--"
            made[word] = None if after.startswith("--") else after
    return made


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not VLLM.exists(), reason="vLLM is not installed: sh deploy/vllm install cpu")
def test_every_argument_is_one_of_vllms(tmp_path: Path) -> None:
    """Names and, where vLLM lists them, values: of the profiles, of the hardware, and of what `models check` prints."""
    done = subprocess.run(
        [str(VLLM), "serve", "--help=all"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "VLLM_NO_USAGE_STATS": "1", "COLUMNS": "400"},
    )
    known: dict[str, set[str] | None] = {}
    for match in re.finditer(r"^ +(--[a-z][a-z0-9-]*)(?: \{([^}]*)\})?", done.stdout, re.MULTILINE):
        known[match[1]] = set(match[2].split(",")) if match[2] else None
    assert "--max-model-len" in known
    used: list[dict[str, str | None]] = []
    for profile in model_profiles():
        used += [options_of([*profile.arguments, *variant.arguments]) for variant in profile.variants]
    used += [options_of(profile.arguments) for profile in hardware_profiles().values()]
    from models.made import adapter, embedder

    from app.models.check import check

    whole(tmp_path / "base")
    for report in (
        check(tmp_path / "base", cards=named("2x1GB"), context=4096),
        check(adapter(tmp_path / "adapter"), base=tmp_path / "base"),
        check(embedder(tmp_path / "embedder")),
        check(whole(tmp_path / "Qwen3-Reranker-0.6B")),
    ):
        assert report.command is not None
        used.append(options_of(list(report.command.options)))
    for options in used:
        for name, value in options.items():
            assert name in known, f"vllm serve has no option {name}"
            choices = known[name]
            if choices is not None and value is not None:
                assert value in choices, f"{name} {value}"
            if name in ("--hf-overrides", "--default-chat-template-kwargs"):
                json.loads(value or "")


# --- what fits -----------------------------------------------------------------------------------------------------


def test_a_plan_says_what_fits_and_what_does_not(tmp_path: Path) -> None:
    made = plan(people=10, documents=100, cards=named("24GB"), context=4000, directories=[whole(tmp_path / "ours")])
    by_name = {(choice.model, choice.storage): choice for choice in made.choices}
    assert by_name["Qwen/Qwen3-4B-Instruct-2507", "bf16"].fits
    large = by_name["openai/gpt-oss-120b", "4-bit"]
    assert not large.fits
    assert "does not fit" in large.why
    assert by_name["ours", "16 bits"].fits
    assert made.choices[0].model == "ours"  # what is there comes before what could be
    crowd = plan(people=100_000, documents=100, cards=named("24GB"), context=4000)
    assert not any(choice.fits for choice in crowd.choices)
    two = plan(people=10, documents=100, cards=named("2x16GB"), context=4000)
    phi = next(choice for choice in two.choices if (choice.model, choice.storage) == ("microsoft/phi-4", "8-bit"))
    assert phi.split is not None
    assert phi.split.cards == 2
    assert "--tensor-parallel-size 2" in phi.serve


def test_a_refused_directory_does_not_fit(tmp_path: Path) -> None:
    folder = whole(tmp_path / "ours")
    (folder / "LICENSE").unlink()
    made = plan(people=1, documents=1, cards=named("24GB"), context=4000, directories=[folder])
    ours = next(choice for choice in made.choices if choice.model == "ours")
    assert not ours.fits
    assert "no licence" in ours.why


def test_the_plan_on_the_command_line(tmp_path: Path) -> None:
    words = ["--data", str(tmp_path), "models", "plan", "--people", "20", "--card", "80GB"]
    done = CliRunner().invoke(cli, [*words, "--json"])
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)
    assert made["context"] == 1500 + 700 + 1500
    assert all(choice["memory"]["arithmetic"] for choice in made["models"] if choice["fits"])
    done = CliRunner().invoke(cli, words)
    assert "KV a token" in done.stdout
    first = done.stdout.index("126 people at once\n")  # the list comes before the arithmetic
    assert first < done.stdout.index("KV a token")
    assert CliRunner().invoke(cli, ["models", "plan", "--people", "9999", "--card", "1GB"]).exit_code == 1
