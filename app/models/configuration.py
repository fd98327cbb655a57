"""The small JSON files of a model directory: config, tokenizer, generation config, modules. Read as data, never run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from app.models.findings import Finding, note, refuse, size, some, warn
from app.models.listing import Listed, Listing
from app.models.safetensors import once

MOST_NESTED = 4  # configurations within a configuration
LARGEST = 16 << 20  # bytes; a larger tokenizer.json is looked at from both ends only
LARGEST_SAID = 4 << 20  # bytes of a configuration; tokenizer_config.json with thousands of added tokens has 1.2 MB
ALL_SAID = 8 << 20  # bytes of all of them together
CONFIGURATIONS = ("config.json", "configuration.json", "modules.json")
CODE = (".py", ".pyc", ".so", ".dll", ".dylib", ".exe", ".pyd", ".jar", ".js", ".whl")
SCRIPTS = (".sh", ".bat", ".ps1", ".ipynb")
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "tekken.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
)
OWN_MODULES = "sentence_transformers."
ACTIVATIONS = "torch.nn."  # where what a cross-encoder's config names as its last step may come from
# what a chat template needs to get from the values it is given into Python itself; real ones use none of it
INTERNALS = re.compile(
    r"__(?:base|bases|builtins|call|class|code|dict|func|getattribute|globals|import|init|mro|reduce|self|subclasses)__"
)
OWN_QUANTISATION = ("quantize_config.json", "quant_config.json", "hf_quant_config.json")  # of GPTQ, AWQ and NVIDIA
AGAIN = "Fetch the file anew: premise models fetch."


@dataclass(kw_only=True)
class Configuration:
    """What the JSON files say; empty where one is missing or damaged."""

    config: dict[str, Any] = field(default_factory=dict)
    adapter: dict[str, Any] = field(default_factory=dict)
    tokenizer: dict[str, Any] = field(default_factory=dict)
    modules: list[dict[str, Any]] = field(default_factory=list)
    sentence: dict[str, Any] = field(default_factory=dict)
    has_chat_template: bool = False
    findings: list[Finding] = field(default_factory=list)


def read_configuration(listed: Listing) -> Configuration:
    """Every JSON file of the top folder that says what the model is."""
    made = Configuration()
    made.config = _object(listed, made, "config.json")
    made.adapter = _object(listed, made, "adapter_config.json")
    _object(listed, made, "generation_config.json")  # whether it can be read
    made.tokenizer = _object(listed, made, "tokenizer_config.json")
    made.sentence = _object(listed, made, "sentence_bert_config.json")
    modules = _json(listed, made, "modules.json")
    if isinstance(modules, list):
        made.modules = [module for module in modules if isinstance(module, dict)]
    made.has_chat_template = bool(made.tokenizer.get("chat_template")) or listed.has(
        "chat_template.jinja", "chat_template.json"
    )
    made.findings += _remote_code(listed)
    if not made.config and not made.adapter and not any(finding.file == "config.json" for finding in made.findings):
        says, do = "There is no config.json, so nothing says what model this is.", "Fetch it: premise models fetch."
        if inner := next((name for name in sorted(listed.files) if name.endswith("/config.json")), None):
            do = f"The model is in a folder of this one: name {(listed.root / inner).parent}."
        made.findings.append(refuse("no-config", says, do, "config.json"))
    for name in OWN_QUANTISATION:
        if (said := _object(listed, made, name)) and not made.config.get("quantization_config"):
            method = "awq" if "w_bit" in said else "gptq"
            made.config["quantization_config"] = said.get("quantization") or {"quant_method": method} | said
    made.findings += _activation(made) + _library(made)
    made.findings += _templates(listed, made)
    made.findings += _modules(listed, made)
    return made


def _object(listed: Listing, made: Configuration, name: str) -> dict[str, Any]:
    value = _json(listed, made, name)
    if value is not None and not isinstance(value, dict):
        made.findings.append(refuse("bad-json", f"{name} is not a JSON object.", AGAIN, name))
    return value if isinstance(value, dict) else {}


def _json(listed: Listing, made: Configuration, name: str) -> Any:
    file = listed.files.get(name)
    if file is None:
        return None
    if file.size > LARGEST_SAID:
        return None  # said with what is found of all configurations
    try:
        return json.loads(file.path.read_bytes().decode("utf-8-sig"), object_pairs_hook=once)
    except (OSError, ValueError, RecursionError) as error:
        why = f"names {error} twice" if type(error).__name__ == "_Twice" else "is damaged"
        made.findings.append(refuse("bad-json", f"{name} {why}.", AGAIN, name))
        return None


def check_tokenizer(listed: Listing, made: Configuration) -> list[Finding]:
    """Whether there is a whole tokenizer."""
    if not listed.has(*TOKENIZERS) and not listed.has("vocab.json"):
        says = "There is no tokenizer: none of tokenizer.json, tokenizer.model, vocab.json is there."
        return [refuse("no-tokenizer", says, "Fetch it: premise models fetch.", "tokenizer.json")]
    found = []
    if listed.has("vocab.json") and not listed.has("merges.txt", *TOKENIZERS):
        says = "The tokenizer is half there: vocab.json without merges.txt."
        found.append(refuse("no-tokenizer", says, "Fetch it: premise models fetch.", "merges.txt"))
    file = listed.files.get("tokenizer.json")
    if file is not None and not _whole(file):
        found.append(
            refuse("bad-json", "tokenizer.json is damaged, cut short, or holds no tokenizer.", AGAIN, file.name)
        )
    for name in TOKENIZERS:
        there = listed.files.get(name)
        if there is not None and there.size == 0:
            found.append(refuse("bad-tokenizer", f"{name} is empty.", AGAIN, name))
    if not made.tokenizer and not listed.has("tekken.json"):
        says = "There is no tokenizer_config.json: special tokens and chat template are unknown."
        found.append(warn("no-tokenizer-config", says, "Fetch it: premise models fetch.", "tokenizer_config.json"))
    return found


def _whole(file: Listed) -> bool:
    try:
        if file.size <= LARGEST:
            made = json.loads(file.path.read_bytes())
            return isinstance(made, dict) and isinstance(made.get("model"), dict)
        with file.path.open("rb") as opened:
            start = opened.read(64).lstrip()[:1]
            opened.seek(-64, 2)
            return start == b"{" and opened.read().rstrip()[-1:] == b"}"
    except (OSError, ValueError, RecursionError):
        return False


def check_generation(listed: Listing, made: Configuration) -> list[Finding]:
    """What a model that writes should have beside its weights."""
    found = []
    if not listed.has("generation_config.json"):
        says = "There is no generation_config.json: where an answer ends is told by the tokenizer alone."
        found.append(note("no-generation-config", says, "Fetch it if the publisher has one.", "generation_config.json"))
    if not made.has_chat_template:
        says = "There is no chat template: this is a base model, or a file is missing. Questions cannot be put to it."
        found.append(warn("no-chat-template", says, "Take the instruct version, or serve with --chat-template FILE."))
    return found


def _remote_code(listed: Listing) -> list[Finding]:
    do = "Take a model whose architecture the server knows by itself; never serve it with --trust-remote-code."
    found: list[Finding] = []
    large, left = [], ALL_SAID
    for name in (name for name in sorted(listed.files) if name.endswith(CONFIGURATIONS)):
        if listed.files[name].size > min(left, LARGEST_SAID):
            large.append(name)
            continue
        left -= listed.files[name].size
        if mapped := _mapped(_naming(listed.files[name])):
            entries = [str(item) for item in (mapped.values() if isinstance(mapped, dict) else [mapped])]
            says = f"{name} asks the loader to run code that comes with it: {some(entries, 2)[:200]}."
            found.append(refuse("remote-code", says, do, name))
    if large:
        total = sum(listed.files[name].size for name in large)
        says = f"{some(large)} has {size(total)}, more than any real configuration; it is not read."
        found.append(refuse("too-large-json", says, AGAIN, large[0]))
    files = [file.name for file in listed.of(*CODE)]
    if files:
        says = f"The directory holds code: {some(files)}. A model is data; nothing of it is run."
        do = "Delete it if the model loads without (no auto_map); else take another model."
        found.append(refuse("code", says, do, files[0]))
    scripts = [file.name for file in listed.of(*SCRIPTS)]
    if scripts:
        says = f"The directory holds scripts: {some(scripts)}."
        found.append(warn("scripts", says, "Delete them: serving needs none.", scripts[0]))
    return found


def _naming(file: Listed) -> Any:
    """What a configuration says, if a name of code to be run may be in it, spelled out or not."""
    try:
        text = file.path.read_bytes()
        return json.loads(text) if any(word in text for word in (b"auto_map", b"custom_pipelines", b"\\u")) else None
    except (OSError, ValueError, RecursionError):
        return None


def _mapped(value: Any, depth: int = 0) -> Any:
    """What a configuration, or one within it, maps to code; None where nothing does."""
    if not isinstance(value, dict) or depth > MOST_NESTED:
        return None
    own = value.get("auto_map") or value.get("custom_pipelines")
    return own or next((found for part in value.values() if (found := _mapped(part, depth + 1))), None)


def _activation(made: Configuration) -> list[Finding]:
    """A cross-encoder names its last step by a path in Python, which is imported."""
    within = made.config.get("sentence_transformers")
    named = [made.config.get("sbert_ce_default_activation_function")]
    named.append(within.get("activation_fn") if isinstance(within, dict) else None)
    says = "config.json lets the loader import {!r} as the model's last step."
    do = "Take another model: this one needs foreign code."
    return [
        refuse("remote-code", says.format(str(name)[:100]), do, "config.json")
        for name in named
        if name and not str(name).startswith(ACTIVATIONS)
    ]


def _library(made: Configuration) -> list[Finding]:
    """An adapter of no usual task names the library that its base's class is imported from."""
    mapping = made.adapter.get("auto_mapping")
    name = str(mapping.get("parent_library") or "") if isinstance(mapping, dict) else ""
    if not name or re.fullmatch(r"transformers(?:\.models)?(?:\.\w+)*", name):
        return []
    says = f"adapter_config.json lets the loader import {name[:100]!r}."
    return [refuse("remote-code", says, "Take another adapter: this one needs foreign code.", "adapter_config.json")]


def _templates(listed: Listing, made: Configuration) -> list[Finding]:
    """Chat templates are programs, run by the server in a closed room: those that look for a way out are refused."""
    texts = {"tokenizer_config.json": json.dumps(made.tokenizer.get("chat_template") or "")}
    for file in listed.of(".jinja", "chat_template.json"):
        try:
            texts[file.name] = file.path.read_bytes()[:LARGEST].decode("utf-8", errors="replace")
        except OSError:
            continue  # its being unreadable is a finding of the listing
    do = "Take the publisher's template. Servers run templates apart from Python, and should not have to hold this one."
    return [
        refuse("template-code", f"The chat template in {name} reaches for Python itself: {found[0]!r}.", do, name)
        for name, text in texts.items()
        if (found := INTERNALS.search(text))
    ]


def _step(file: Listed) -> list[Finding]:
    """The config.json of a module; a dense one names what it applies by a path in Python, as cross-encoders do."""
    said = _quiet(file)
    if not isinstance(said, dict):
        return [refuse("bad-json", f"{file.name} is damaged.", AGAIN, file.name)]
    name = str(said.get("activation_function") or ACTIVATIONS)
    if name.startswith(ACTIVATIONS):
        return []
    says = f"{file.name} lets the loader import {name[:100]!r}."
    return [refuse("remote-code", says, "Take another model: this one needs foreign code.", file.name)]


def _quiet(file: Listed) -> Any:
    try:
        return json.loads(file.path.read_bytes()) if file.size <= LARGEST else None
    except (OSError, ValueError, RecursionError):
        return None


def _modules(listed: Listing, made: Configuration) -> list[Finding]:
    """modules.json of an embedder: every module's folder there, none of foreign code."""
    found = []
    for module in made.modules:
        kind, path = str(module.get("type", "")), str(module.get("path", ""))
        if not kind.startswith(OWN_MODULES):
            says = f"modules.json names a module that is not sentence-transformers' own: {kind[:100]!r}."
            found.append(
                refuse("remote-code", says, "Take another model: this one needs foreign code.", "modules.json")
            )
        if ".." in path.split("/") or path.startswith("/"):
            says = f"modules.json names a folder outside the directory: {path[:100]!r}."
            found.append(refuse("index-outside", says, "Do not load it.", "modules.json"))
        elif path and not kind.endswith(".Normalize") and not any(name.startswith(f"{path}/") for name in listed.files):
            says = f"modules.json names {path}, which is missing."
            found.append(refuse("module-missing", says, "Fetch it: premise models fetch.", path))
        elif file := listed.files.get(f"{path}/config.json"):
            found += _step(file)
    return found
