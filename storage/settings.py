"""Every setting, in one frozen object that is built once at the entry point and passed in.

Read from, later wins: the defaults here, `premise.toml` in the data folder, `PREMISE_…` in the environment, the command
line. Unknown keys stop the start. Knows nothing of what the settings do.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.errors import SettingError

PREFIX = "PREMISE_"
NOT_SETTINGS = frozenset({"PREMISE_EVAL_DIR"})  # read by the tests and benchmarks only
CONFIG_FILE = "premise.toml"
PLACEHOLDERS = frozenset({"changeme", "change-me", "secret", "password", "example", "todo", "xxx", "your-key-here"})


class Settings(BaseSettings):
    """All settings. The README's configuration table is made of these descriptions; a test compares them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)
    _llm_names: str = PrivateAttr("llm_")

    # where things are
    data: Path = Field(Path("data"), description="The data folder. Holds everything Premise keeps.")
    inbox: Path | None = Field(None, description="The ingest folder. Default: `inbox` in the data folder.")

    # the web server
    host: str = Field("127.0.0.1", description="Address the web server listens on. `0.0.0.0` for the whole network.")
    port: int = Field(8600, ge=1, le=65535, description="Port of the web server.")
    allowed_hosts: list[str] = Field(
        ["localhost", "127.0.0.1", "[::1]"],
        description="Host names under which people reach the page; requests for other names are refused.",
    )
    secure_cookies: bool = Field(False, description="Send the session cookie over HTTPS only. Set it behind TLS.")
    allowed_outgoing: list[str] = Field(
        [],
        description="Hosts, addresses or networks Premise may connect to besides those that other settings name.",
    )
    session_hours: float = Field(12, gt=0, description="How long a sign-in lasts, in hours.")
    question_characters: int = Field(4000, ge=100, description="The longest question that is accepted, in characters.")
    questions_per_minute: int = Field(
        30, ge=0, description="Questions and searches of one person in a minute; 0 for no limit."
    )

    # ingestion
    scan_seconds: float = Field(30, gt=0, description="Seconds between two full comparisons of folder and catalog.")
    settle_seconds: float = Field(1.0, ge=0, description="A file unchanged for this many seconds is taken as written.")
    ocr_languages: list[str] = Field(
        ["eng", "deu", "chi_sim"],
        description="Languages of scans and pictures, as tesseract names them; those without data are passed over.",
    )
    ocr_seconds: float = Field(
        600, gt=0, description="Further time for the scanned pages of one file, in seconds; pages beyond are left out."
    )
    hi_res_models: Path | None = Field(
        None,
        description="Folder (a Hugging Face cache) of the layout models that read PDFs with scanned pages on GPU "
        "hosts, with the extra `hi-res`. Default: none, tesseract reads them.",
    )
    parse_seconds: float = Field(120, gt=0, description="Time one file may take to be parsed, in seconds.")
    parse_memory_mb: int = Field(2048, ge=256, description="Memory the parser may use, in MB.")
    parsers: int | None = Field(
        None, ge=1, le=64, description="Files parsed at once. Default: half of the cores, at most 4."
    )
    max_file_mb: float = Field(200, gt=0, description="Larger files are not read, in MB.")
    max_attempts: int = Field(5, ge=1, description="How often a file that failed for a passing reason is tried.")
    passwords_file: Path | None = Field(
        None, description="File of passwords, one a line, that encrypted Office and PDF files are tried with."
    )
    keep_revisions_days: float = Field(
        90, ge=0, description="Days a superseded revision stays readable for the citations that quote it."
    )
    guard_fraction: float = Field(
        0.5,
        ge=0,
        le=1,
        description="More than this part of a folder gone at once holds deletions for a person to confirm.",
    )

    # embedding
    embedder: Path | None = Field(
        None, description="Directory of a sentence-transformers model. Default: the bundled all-MiniLM-L6-v2."
    )
    embedder_languages: list[str] | None = Field(
        None, description='Languages the embedder knows ("en", "de", …; "*" for all). Default: "en" bundled, else "*".'
    )
    embedder_dtype: Literal["auto", "float32", "bfloat16", "int8"] = Field(
        "auto",
        description="Number format the embedder computes in. `auto`: bfloat16 on GPUs and on processors with AMX, else "
        "float32. `int8`: faster on processors, with the extra `int8`.",
    )
    embedder_device: str = Field("auto", description="`cpu`, `cuda`, `cuda:1` …; `auto` takes a GPU when there is one.")
    embedder_url: str | None = Field(
        None,
        description="A server that computes the vectors, such as vLLM with the model in `embedder`, ending in /v1; "
        "several with commas between. Of the directory only the tokenizer and settings are used then.",
    )
    embedder_model: str | None = Field(
        None, description="Model name on that server. Default: the directory's, as deploy/vllm serves it."
    )
    embedder_api_key_file: Path | None = Field(None, description="File that holds that server's API key.")
    chunk_tokens: int = Field(
        200,
        ge=50,
        le=8000,
        description="Size of a chunk with its header, in the embedder's tokens; never over its limit.",
    )

    # retrieval
    search_processes: int | None = Field(
        None,
        ge=1,
        le=128,
        description="Processes that search for the web server. Default: one a processor, at most 16; 1: it searches "
        "itself.",
    )
    search_candidates: int = Field(
        50, ge=10, le=200, description="Passages asked of each index and judged. Counts from the next question on."
    )
    meaning_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of meaning against words: 0 words alone, 1 meaning alone. Counts from the next question on.",
    )
    header_weight: float = Field(
        1.0,
        ge=0,
        le=10,
        description="How much titles, file names and headings count as keywords; 0: not at all. "
        "From the next question on.",
    )
    context_tokens: int = Field(1500, ge=200, description="Tokens of passages given to an answer.")

    reranker: Path | None = Field(
        None, description="Directory of a cross-encoder that puts the best passages in order. Default: none."
    )
    reranker_url: str | None = Field(
        None, description="Instead: a server that ranks, such as vLLM with a reranker, ending in /v1."
    )
    reranker_model: str | None = Field(None, description="Model name on that server. Default: the first it serves.")
    reranker_api_key_file: Path | None = Field(None, description="File that holds that server's API key.")
    reranker_template: Literal["auto", "plain", "qwen3"] = Field(
        "auto", description="How a server's model wants its text. `qwen3`: Qwen3-Reranker served without a template."
    )
    rerank_passages: int = Field(20, ge=2, le=100, description="How many passages are put in order anew.")
    rerank_seconds: float = Field(
        2.0, gt=0, description="Time that may take, in seconds; after it the order stays as it was."
    )

    rewrite_seconds: float = Field(
        4.0, ge=0, description="Time the language model has to complete a follow-up question for the search; 0: none."
    )

    translate_seconds: float = Field(
        10.0,
        ge=0,
        description="Time the language model has to translate an answer that is in another language than the "
        "documents, to check it; 0: none.",
    )

    reread_seconds: float = Field(
        0.0,
        ge=0,
        description="Time the language model has to read the sentences of its answer once more beside the places they "
        "were found in; what it denies there is marked as not found. 0: it is not asked.",
    )

    # the language model
    llm_url: str | None = Field(
        None,
        description="OpenAI-compatible server such as vLLM, ending in /v1; several that serve the same model, with "
        "commas between. Default: none, answers are quotations.",
    )
    llm_model: str | None = Field(
        None, description="Model, or LoRA adapter, by its name on that server. Default: the first model it serves."
    )
    llm_api_key: SecretStr | None = Field(None, description="Its API key. Better: llm_api_key_file.")
    llm_api_key_file: Path | None = Field(None, description="File that holds the API key.")
    llm_context: int | None = Field(None, ge=1024, description="Its context, in tokens. Default: as the server says.")
    llm_tokenizer: Path | None = Field(
        None,
        description="Directory with the model's tokenizer.json, for servers without vLLM's /tokenize. Default: a "
        "careful estimate there.",
    )
    llm_directory: Path | None = Field(
        None, description="Directory of the model that the server serves, where this host can read it: to check it."
    )
    llm_second_url: str | None = Field(
        None, description="Server of a second language model, to compare the two; ending in /v1, with the same key."
    )
    llm_second_model: str | None = Field(None, description="Its name on that server. Default: the first it serves.")
    llm_second_directory: Path | None = Field(
        None, description="Directory of the model that it serves, where this host can read it: to check it."
    )
    llm_second_share: float = Field(
        0, ge=0, le=1, description="Share of the conversations that it answers: 0 none, 0.5 half, 1 all."
    )
    llm_answer_tokens: int = Field(700, ge=50, description="The longest written answer, in tokens.")
    llm_connect_seconds: float = Field(2, gt=0, description="Wait for a connection, in seconds.")
    llm_first_token_seconds: float = Field(20, gt=0, description="Wait for the first words, in seconds.")
    llm_total_seconds: float = Field(120, gt=0, description="Wait for the whole answer, in seconds.")
    llm_at_once: int = Field(
        16, ge=1, description="Answers that are written at the same time; further questions wait, people in turn."
    )
    llm_wait_seconds: float = Field(
        60, ge=0, description="Wait for that turn, in seconds; then the answer is quoted from the documents."
    )

    # models
    model_waivers: list[str] = Field(
        [],
        description="Models that are used although `premise models check` refuses them: by name, or `name:finding`.",
    )

    # answers
    refuse_below: float = Field(
        0.35, ge=0, le=1, description="Confidence under which the answer is that the documents do not say."
    )

    @field_validator("llm_api_key")
    @classmethod
    def _no_placeholder(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value().strip().lower() in PLACEHOLDERS:
            raise ValueError("is a placeholder; put the real key in a file and name it in llm_api_key_file")
        return value

    @field_validator("llm_url", "llm_second_url", "reranker_url", "embedder_url", mode="before")
    @classmethod
    def _http(cls, value: Any) -> Any:
        if value is not None and not isinstance(value, str | list | tuple):
            return value  # the field's own type says what is wrong
        urls = [url.strip().rstrip("/") for url in (value.split(",") if isinstance(value, str) else value or ())]
        if not all(url.startswith(("http://", "https://")) for url in urls if url):
            raise ValueError("must start with http:// or https://")
        if any(not _host_and_port(url) for url in urls if url):
            raise ValueError("must be as http://host:8000/v1, the port a number to 65535")
        if any(urlsplit(url).username or urlsplit(url).password for url in urls):
            raise ValueError("an address is shown and logged: a name and password do not belong into it")
        return ",".join(dict.fromkeys(url for url in urls if url)) or None

    @field_validator("llm_tokenizer")
    @classmethod
    def _tokenizer_file(cls, value: Path | None) -> Path | None:
        if value is not None and not (value / "tokenizer.json").is_file():
            raise ValueError(f"{value} holds no tokenizer.json")
        return value

    @model_validator(mode="after")
    def _one_key(self) -> Settings:
        if self.llm_api_key and self.llm_api_key_file:
            raise ValueError("set llm_api_key or llm_api_key_file, not both")
        if self.reranker and self.reranker_url:
            raise ValueError("set reranker or reranker_url, not both")
        if self.embedder_url and self.embedder is None:
            raise ValueError("embedder_url needs in embedder the directory of the same model, for its tokenizer")
        if self.embedder_url and self.embedder_dtype == "int8":
            raise ValueError("embedder_dtype is the server's matter where embedder_url is set: leave it at auto")
        return self

    @property
    def inbox_folder(self) -> Path:
        """Where administrators drop files."""
        return (self.inbox or self.data / "inbox").expanduser().resolve()

    @property
    def llm_names(self) -> str:
        """How the settings begin that name the language model's servers."""
        return self._llm_names

    @property
    def of_second_llm(self) -> Settings | None:
        """The settings as they are for the second language model; None while it has no share."""
        if not self.llm_second_url or not self.llm_second_share:
            return None
        own = {"llm_url": self.llm_second_url, "llm_model": self.llm_second_model}
        second = self.model_copy(update=own | {"llm_context": None, "llm_tokenizer": None})
        second._llm_names = "llm_second_"
        return second

    @property
    def llm_urls(self) -> tuple[str, ...]:
        """The language model's servers, without a slash at the end."""
        return tuple(self.llm_url.split(",")) if self.llm_url else ()

    @property
    def embedder_urls(self) -> tuple[str, ...]:
        """The servers that embed, without a slash at the end."""
        return tuple(self.embedder_url.split(",")) if self.embedder_url else ()

    def llm_key(self) -> str | None:
        """The language model server's key. Raises: SettingError when the file cannot be read or is empty."""
        if self.llm_api_key is not None:
            return self.llm_api_key.get_secret_value()
        return _key_in("llm_api_key_file", self.llm_api_key_file)

    def embedder_key(self) -> str | None:
        """The embedding server's key. Raises: SettingError when the file cannot be read or is empty."""
        return _key_in("embedder_api_key_file", self.embedder_api_key_file)

    def reranker_key(self) -> str | None:
        """The ranking server's key. Raises: SettingError when the file cannot be read or is empty."""
        return _key_in("reranker_api_key_file", self.reranker_api_key_file)


def _host_and_port(url: str) -> bool:
    """Whether an address names both in a way that a client understands; the port may be left out."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0) and not re.search(r"\s", url)
    except ValueError:
        return False


def _key_in(setting: str, file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        key = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingError(f"{setting}: cannot read {file} ({error.strerror}).") from error
    if not key or key.lower() in PLACEHOLDERS:
        raise SettingError(f"{setting}: {file} holds no real key.")
    return key


def load_settings(data: Path | None = None, **overrides: Any) -> Settings:
    """Build the settings. `data` and `overrides` come from the command line; None means not given.

    Raises: SettingError, naming the setting, where it was set and what is accepted.
    """
    _refuse_unknown_environment()
    folder = data or Path(os.environ.get(PREFIX + "DATA") or "data")
    from_file = _read_file(folder / CONFIG_FILE)
    given = {key: value for key, value in overrides.items() if value is not None}
    # environment beats file: pydantic-settings lets arguments win, so leave out what the environment sets
    from_file = {key: value for key, value in from_file.items() if PREFIX + key.upper() not in os.environ}
    try:
        return Settings(**{**from_file, **given, "data": folder.expanduser().resolve()})
    except ValidationError as error:
        raise SettingError(_in_words(error, folder / CONFIG_FILE, from_file)) from error


def _refuse_unknown_environment() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            raise SettingError(f"{name} in the environment is no setting of Premise. `premise settings` lists them.")


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} cannot be read: {error}") from error
    for key in values:
        if key not in Settings.model_fields or key == "data":
            raise SettingError(f"{key} in {path} is no setting of Premise. `premise settings` lists them.")
    return values


def _in_words(error: ValidationError, file: Path, from_file: dict[str, Any]) -> str:
    problems = []
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        where = f" (in {file})" if name in from_file else ""
        problems.append(f"{name}{where}: {item['msg'].removeprefix('Value error, ')}".removeprefix(": "))
    return "Wrong setting: " + "; ".join(problems) + "."
