"""The cards of this host: asked of the makers' own tools where they are installed, or named by hand.

nvidia-smi, rocm-smi, xpu-smi and npu-smi are run and their output read; nothing else knows these formats.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from storage.errors import SettingError

TOOL_SECONDS = 20
MIB = 1 << 20
GIB = 1 << 30
KNOWN = {  # memory in GiB as the makers name it (their data sheets)
    "t4": 16, "l4": 24, "a10": 24, "l40s": 48, "rtx4090": 24, "rtx5090": 32, "rtx6000ada": 48, "a100": 80,
    "h100": 80, "h200": 141, "b200": 180, "mi210": 64, "mi250": 128, "mi300x": 192, "mi325x": 256,
    "arca770": 16, "arcb580": 12, "max1100": 48, "max1550": 128, "910b3": 64, "910b4": 32,
}  # fmt: skip
MAKER = {"mi": "amd", "ar": "intel", "ma": "intel", "91": "ascend"}


@dataclass(frozen=True, kw_only=True)
class Card:
    """An accelerator, or the host's own memory."""

    name: str
    maker: str  # nvidia | amd | intel | ascend | cpu
    bytes: int

    def as_json(self) -> dict[str, Any]:
        """The object in reports."""
        return asdict(self)


def this_host() -> list[Card]:
    """The cards found here; else the processor with the host's memory."""
    for read in (nvidia, amd, intel, ascend):
        if cards := read():
            return cards
    return [processor()]


def processor() -> Card:
    """The host itself."""
    return Card(
        name="this host's processor", maker="cpu", bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    )


def named(text: str) -> list[Card]:
    """Cards as people write them: 80GB, 2x80GB, H100, 4xL40S, cpu, cpu:64GB. Raises: SettingError."""
    match = re.fullmatch(r"\s*(?:(\d{1,2})\s*[x×*]\s*)?(.+?)\s*", text, re.I)
    if match is None:
        raise _unknown(text)
    count, name = int(match[1] or 1), match[2]
    plain = re.sub(r"[\s_]+", "", name.lower())
    if plain.startswith("cpu"):
        size = _size(plain.removeprefix("cpu").lstrip(":=-"))
        return [Card(name="processor", maker="cpu", bytes=size or processor().bytes)]
    said = re.search(r"\d+(?:\.\d+)?gi?b$", plain)
    brand = re.sub(r"^(nvidia|amd|intel|ascend|instinct|tesla|geforce|gpu)+", "", plain)
    size = _size(said[0]) if said else KNOWN.get(brand, 0) * GIB
    if size:
        return [Card(name=name, maker=MAKER.get(brand[:2], "nvidia"), bytes=size)] * count
    raise _unknown(text)


def _size(text: str) -> int | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)gi?b", text)
    return int(float(match[1]) * GIB) if match and 0 < float(match[1]) <= 4096 else None


def _unknown(text: str) -> SettingError:
    return SettingError(
        f"--card: {text!r} is not understood. Say how much memory it has: 80GB, 2x48GB, cpu:64GB; or one of "
        f"{', '.join(sorted(KNOWN))}."
    )


def nvidia() -> list[Card]:
    """By nvidia-smi."""
    return _ask(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"], parse_nvidia)


def parse_nvidia(output: str) -> list[Card]:
    """Lines of `name, MiB`; `[N/A]` where the card works in the host's own memory."""
    cards = []
    for line in output.splitlines():
        name, _, size = (part.strip() for part in line.rpartition(","))
        if name and (size.isdigit() or size == "[N/A]"):
            held = int(size) * MIB if size.isdigit() else processor().bytes
            cards.append(Card(name=name, maker="nvidia", bytes=held))
    return cards


def amd() -> list[Card]:
    """By rocm-smi."""
    return _ask(["rocm-smi", "--showproductname", "--showmeminfo", "vram", "--json"], parse_amd)


def parse_amd(output: str) -> list[Card]:
    """An object of cards; the names of its keys changed between versions."""
    try:
        entries, _ = json.JSONDecoder().raw_decode(output[output.index("{") :])  # there are warnings before and after
    except ValueError:
        return []
    cards = []
    for key, entry in entries.items():
        if not key.startswith("card") or not isinstance(entry, dict):
            continue
        plain = {name.lower(): str(value) for name, value in entry.items()}
        size = plain.get("vram total memory (b)", "")
        name = plain.get("card series") or plain.get("card model") or "AMD card"
        if size.isdigit():
            cards.append(Card(name=name, maker="amd", bytes=int(size)))
    return cards


def intel() -> list[Card]:
    """By xpu-smi: the list of devices, then each by itself."""
    found = _output(["xpu-smi", "discovery", "-j"])
    try:
        devices = json.loads(found)["device_list"] if found else []
        ids = [str(device["device_id"]) for device in devices]
    except (ValueError, KeyError, TypeError):
        return []
    return [card for number in ids for card in _ask(["xpu-smi", "discovery", "-d", number, "-j"], parse_intel)]


def parse_intel(output: str) -> list[Card]:
    """One device."""
    try:
        device = json.loads(output)
        size = int(device["memory_physical_size_byte"])
        return [Card(name=str(device["device_name"]), maker="intel", bytes=size)]
    except (ValueError, KeyError, TypeError):
        return []


def ascend() -> list[Card]:
    """By npu-smi."""
    return _ask(["npu-smi", "info"], parse_ascend)


def parse_ascend(output: str) -> list[Card]:
    """A table of two lines a chip: the first has its name, the second ends in `used / total` MB of its memory.

    The second begins with one or two numbers, the chip's in the card and in the host.
    """
    cards = []
    name = None
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3:
            continue
        if match := re.fullmatch(r"\d+\s+((?:[A-Za-z][\w-]*|\d+[A-Za-z])[\w-]*)", cells[0]):
            name = match[1]
        elif name and (match := re.search(r"\d+\s*/\s*(\d+)\s*$", cells[2])) and int(match[1]):
            cards.append(Card(name=f"Ascend {name.removeprefix('Ascend')}", maker="ascend", bytes=int(match[1]) * MIB))
            name = None
    return cards


def _ask(command: list[str], parse: Callable[[str], list[Card]]) -> list[Card]:
    output = _output(command)
    return parse(output) if output else []


def _output(command: list[str]) -> str | None:
    tool = shutil.which(command[0])
    if tool is None:
        return None
    try:
        done = subprocess.run(
            [tool, *command[1:]], capture_output=True, text=True, timeout=TOOL_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
