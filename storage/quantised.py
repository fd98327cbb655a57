"""An embedding model in int8 on the processor: quantised here, computed by ONNX Runtime. The only owner of both.

The file is made from the model's own directory, without a network, at first use, and kept in the data folder. Knows
sentence-transformers' inner model as a function from tokens to token vectors; pooling and prompts stay where they are.
"""

from __future__ import annotations

import fcntl
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from storage.errors import ModelError

_NAMES = ("input_ids", "attention_mask")
_HIDDEN = "last_hidden_state"
RECIPE = 2  # counted up when what is made changes; the vectors stay near enough to those of the one before
TRIED = (8, 96)  # texts, and tokens of each
LEAST = 1e-6  # for what would divide by nothing
STANDS_OUT = 50  # times the root mean square
NEAR = 0.98  # cosine to the vectors in float32; those of the bundled model are nearer than 0.99

Array = npt.NDArray[np.float32]
Texts = npt.NDArray[np.int64]


def quantised(model: torch.nn.Module, file: Path) -> torch.nn.Module:
    """What computes as `model` does, in int8. `file` (NAME-RECIPE.onnx) is made unless it is there; those of other
    recipes go then. Raises: ModelError.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (file.parent / "making.lock").open("a") as lock:  # of the processes that start at once, one makes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.is_file():
            _make(model, file)
    return _Session(model, file)


def _make(model: torch.nn.Module, file: Path) -> None:
    """Export and quantise: beside its place first, so that a crash leaves no half file, and compared there."""
    config: Any = model.config
    # of all tokens that the model knows, so of no language: they show its numbers as well as real texts do
    texts = np.random.default_rng(0).integers(0, config.vocab_size, TRIED)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        whole, small = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        try:
            _export(model, whole)
            exported = onnx.load(str(whole))
            _in_bytes(exported.graph, _tried(exported, Path(folder) / "tried.onnx", texts))
            onnx.save(exported, str(small))
            near = _nearness(model, _Session(model, small), texts)
        except Exception as error:  # the exporter raises whatever a model's own code does
            reason = f"embedder_dtype: this model cannot be brought to int8 ({error}). Set it to auto."
            raise ModelError(reason) from error
        if near < NEAR:
            raise ModelError(
                f"embedder_dtype: int8 changes what this model says too much ({near:.3f}). Set it to auto."
            )
        small.chmod(0o600)
        small.replace(file)
    model_of, _, _ = file.stem.rpartition("-")
    for other in file.parent.iterdir():  # of earlier recipes, by versions of Premise before this one
        if other != file and re.fullmatch(rf"{re.escape(model_of)}(?:-\d+)?\.onnx", other.name):
            other.unlink(missing_ok=True)


def _export(model: torch.nn.Module, file: Path) -> None:
    example = torch.ones((2, 16), dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, on what it will be replaced by, and the tracer's
        torch.onnx.export(
            _Traced(model).eval(),
            (example, example),
            str(file),
            input_names=list(_NAMES),
            output_names=[_HIDDEN],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in (*_NAMES, _HIDDEN)},
            opset_version=17,
            dynamo=False,
        )


def _products(graph: Any) -> dict[str, list[Any]]:
    """The products of something with a matrix of the model's, by what is multiplied."""
    matrices = {weight.name for weight in graph.initializer if len(weight.dims) == 2}
    found: dict[str, list[Any]] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in matrices:
            found.setdefault(node.input[0], []).append(node)
    return found


def _tried(exported: Any, file: Path, texts: Texts) -> dict[str, tuple[Array, Array]]:
    """What is multiplied when texts are read: of each of its places the greatest number, and the root mean square."""
    names = list(_products(exported.graph))
    watched = onnx.ModelProto()
    watched.CopyFrom(exported)
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    onnx.save(watched, str(file), save_as_external_data=True)
    session = _opened(file)
    greatest = dict.fromkeys(names, np.array(LEAST, dtype=np.float32))
    squares = dict.fromkeys(names, np.array(0, dtype=np.float32))
    for text in texts:
        given = {_NAMES[0]: text[None, :], _NAMES[1]: np.ones((1, len(text)), np.int64)}
        for name, values in zip(names, session.run(names, given), strict=True):
            places = values.reshape(-1, values.shape[-1])
            greatest[name] = np.maximum(greatest[name], np.abs(places).max(axis=0))
            squares[name] = squares[name] + np.square(places).mean(axis=0) / len(texts)
    return {name: (greatest[name], np.sqrt(squares[name])) for name in names}


def _nearness(model: torch.nn.Module, made: torch.nn.Module, texts: Texts) -> float:
    """Cosine of both vectors, those of the tokens averaged, for the text where it is least."""
    ids = torch.from_numpy(texts)
    with torch.inference_mode():
        ours, theirs = (way(input_ids=ids, attention_mask=torch.ones_like(ids))[_HIDDEN] for way in (made, model))
    return float(torch.cosine_similarity(ours.mean(dim=1), theirs.mean(dim=1)).min())


def _in_bytes(graph: Any, tried: dict[str, tuple[Array, Array]]) -> None:
    """Products of bytes instead of products of numbers, where that loses little.

    What is multiplied is cut into 256 steps between its least and its greatest number. So what comes out of a norm,
    where the same few places are always great, is evened out first, and the matrix made up for it (SmoothQuant,
    https://arxiv.org/abs/2211.10438); where now one, now another number stands out, as after GELU, nothing helps, and
    the product stays.
    """
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    weights = {weight.name: weight for weight in graph.initializer}
    instead: dict[str, list[Any]] = {}
    for name, products in _products(graph).items():
        greatest, usual = tried[name]
        matrices = [numpy_helper.to_array(weights[product.input[1]]) for product in products]
        evens = made_by.get(name) == "LayerNormalization"
        wide = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        even = np.sqrt(greatest / np.maximum(wide, LEAST)) if evens else np.ones_like(greatest)
        if (greatest / even).max() > STANDS_OUT * np.sqrt(np.square(usual / even).mean()):
            continue
        before, given = [], name
        if evens:
            given = f"{name}_even"
            graph.initializer.append(numpy_helper.from_array(1 / even, f"{name}_by"))
            before.append(helper.make_node("Mul", [name, f"{name}_by"], [given]))
            matrices = [matrix * even[:, None] for matrix in matrices]
        before.append(
            helper.make_node("DynamicQuantizeLinear", [given], [f"{name}_bytes", f"{name}_step", f"{name}_zero"])
        )
        for product, matrix in zip(products, matrices, strict=True):
            instead[product.output[0]] = [*before, *_of_bytes(graph, name, product, matrix)]
            before = []
    nodes = [new for node in graph.node for new in instead.get(node.output[0], [node])]
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [weight for weight in graph.initializer if weight.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _of_bytes(graph: Any, given: str, product: Any, matrix: Array) -> list[Any]:
    """The product by a matrix of bytes, each column with a step of its own."""
    most = 127 if _adds_without_overflow() else 63
    steps = np.maximum(np.abs(matrix).max(axis=0), LEAST) / most
    (out,) = product.output
    for part, values in {
        "matrix": np.rint(matrix / steps).astype(np.int8),
        "zeros": np.zeros(len(steps), np.int8),
        "steps": steps.astype(np.float32),
    }.items():
        graph.initializer.append(numpy_helper.from_array(values, f"{out}_{part}"))
    return [
        helper.make_node(
            "MatMulInteger", [f"{given}_bytes", f"{out}_matrix", f"{given}_zero", f"{out}_zeros"], [f"{out}_whole"]
        ),
        helper.make_node("Cast", [f"{out}_whole"], [f"{out}_number"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{given}_step", f"{out}_steps"], [f"{out}_step"]),
        helper.make_node("Mul", [f"{out}_number", f"{out}_step"], [out]),
    ]


def _adds_without_overflow() -> bool:
    """Whether the processor adds products of bytes in 32 bits; older ones overflow in 16."""
    told = Path("/proc/cpuinfo")
    return told.is_file() and "vnni" in told.read_text()


class _Traced(torch.nn.Module):
    """The model as a function of tokens and mask alone."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask)[_HIDDEN]
        return hidden


class _Session(torch.nn.Module):
    """Stands where the inner model of sentence-transformers stood."""

    def __init__(self, model: torch.nn.Module, file: Path) -> None:
        super().__init__()
        self.config: Any = model.config
        self.place = torch.nn.Parameter(torch.zeros(1), requires_grad=False)  # by which the device is told
        self._session = _opened(file)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_others: object
    ) -> dict[str, torch.Tensor]:
        """Token vectors of a batch."""
        given = {"input_ids": input_ids.numpy(), "attention_mask": attention_mask.numpy()}
        return {_HIDDEN: torch.from_numpy(self._session.run(None, given)[0])}


def _opened(file: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as OMP_WAIT_POLICY for torch
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common parent but this
        raise ModelError(f"{file} cannot be read ({error}). Remove it; it is made anew.") from error
