"""Profiles of models and of hardware: data in deploy/models, read against a schema. Only they differ between hosts.

A profile states facts with their source; whether a directory on disk is what it says, `premise models check` tells.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.models.architecture import Architecture, Quantisation
from storage.errors import ModelError

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "models"
Kind = Literal["language model", "embedder", "reranker"]
Bits = Literal[16, 8, 4]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sizes(_Strict):
    """What the memory arithmetic needs, as the publisher's config.json has it."""

    parameters: int = Field(gt=0)
    layers: int = Field(gt=0)
    hidden: int = Field(gt=0)
    intermediate: int = Field(gt=0)
    heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)
    vocabulary: int = Field(gt=0)
    context: int = Field(gt=0)  # tokens
    tied: bool
    experts: int | None = None
    sliding_window: int | None = None
    windowed_layers: int = 0


class Variant(_Strict):
    """The model in one way of storing its weights."""

    storage: Literal["bf16", "fp32", "8-bit", "4-bit"]
    bits: Literal[32, 16, 8, 4]
    repository: str  # on the hub; empty: the publisher has none, or it is quantised while loading
    method: str = ""  # as config.json names it
    arguments: list[str] = []  # of `vllm serve`
    note: str = ""


class Openness(_Strict):
    """How open, and what shows it."""

    level: Literal["open weights", "open source", "fully open"]
    evidence: list[str] = Field(min_length=1)


class Prompt(_Strict):
    """How it wants to be asked."""

    reasoning: Literal["none", "switch", "always"]  # whether it thinks aloud before it answers
    switch: str = ""  # how that is turned off for quick answers
    instructions: str = ""  # what an embedder or reranker wants around question and passage


class ModelProfile(_Strict):
    """One model."""

    id: str  # of its publisher on the hub
    kind: Kind
    size: Literal["small", "middle", "large"]
    about: str
    licence: str  # an id of app/models/licences.toml
    openness: Openness
    sizes: Sizes
    variants: list[Variant] = Field(min_length=1)
    arguments: list[str]  # of `vllm serve`, for every variant
    prompt: Prompt
    limits: list[str]
    source: list[str] = Field(min_length=1)  # where the facts are from

    def architecture(self, variant: Variant) -> Architecture:
        """For the memory arithmetic."""
        sizes = self.sizes
        packed = Quantisation(method=variant.method or "fp8", bits=variant.bits, group=None)
        return Architecture(
            name="",
            model_type="",
            parameters=sizes.parameters,
            layers=sizes.layers,
            hidden=sizes.hidden,
            intermediate=sizes.intermediate,
            heads=sizes.heads,
            kv_heads=sizes.kv_heads,
            head_dim=sizes.head_dim,
            vocabulary=sizes.vocabulary,
            context=sizes.context,
            dtype="float32" if variant.bits == 32 else "bfloat16",
            sliding_window=sizes.sliding_window,
            windowed_layers=sizes.windowed_layers,
            uncached_layers=0,
            latent=None,
            experts=sizes.experts,
            tied=sizes.tied,
            quantisation=packed if variant.bits < 16 else None,
        )


class HardwareProfile(_Strict):
    """One kind of host."""

    maker: Literal["nvidia", "amd", "intel", "ascend", "cpu"]
    name: str
    package: str  # what to install, exactly
    install: list[str]  # commands
    image: str  # a container image instead; empty: none is named by the maker
    run: list[str]  # of the container engine: what gives it the cards
    arguments: list[str]  # of `vllm serve`, beside the model's
    environment: dict[str, str]
    storage: list[Literal["bf16", "8-bit", "4-bit"]]  # what it computes with
    tried: bool  # by us, in the tests
    limits: list[str]
    source: list[str] = Field(min_length=1)


Profile = TypeVar("Profile", ModelProfile, HardwareProfile)


def model_profiles(folder: Path = FOLDER) -> list[ModelProfile]:
    """Every model profile, by size of the model. Raises: ModelError, naming the file and what is wrong in it."""
    found = [_read(file, ModelProfile) for file in sorted(folder.glob("*.toml"))]
    return sorted(found, key=lambda profile: (profile.kind != "language model", profile.kind, profile.sizes.parameters))


def hardware_profiles(folder: Path = FOLDER) -> dict[str, HardwareProfile]:
    """Every hardware profile, by maker. Raises: ModelError."""
    found = [_read(file, HardwareProfile) for file in sorted((folder / "hardware").glob("*.toml"))]
    return {profile.maker: profile for profile in found}


def _read(file: Path, schema: type[Profile]) -> Profile:
    try:
        return schema.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"The profile {file} cannot be read: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ModelError(f"The profile {file} is wrong at {where}: {first['msg']}.") from error
