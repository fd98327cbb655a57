"""An embedding model in int8 on the processor: quantised here, computed by ONNX Runtime. The only owner of both.

The file is made from the model's own directory, without a network, at first use, and kept in the data folder. Knows
sentence-transformers' inner model as a function from tokens to token vectors; pooling and prompts stay where they are.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch

from storage.errors import ModelError

_NAMES = ("input_ids", "attention_mask")
_HIDDEN = "last_hidden_state"


def quantised(model: torch.nn.Module, file: Path) -> torch.nn.Module:
    """What computes as `model` does, in int8. `file` is made unless it is there. Raises: ModelError."""
    if not file.is_file():
        _make(model, file)
    return _Session(model, file)


def _make(model: torch.nn.Module, file: Path) -> None:
    """Export and quantise: beside its place first, so that a crash, or a second process, leaves no half file."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    example = torch.ones((2, 16), dtype=torch.long)
    axes = {name: {0: "texts", 1: "tokens"} for name in (*_NAMES, _HIDDEN)}
    with tempfile.TemporaryDirectory(dir=file.parent) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, on what it will be replaced by, and the tracer's
        whole, small = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        try:
            torch.onnx.export(
                _Traced(model).eval(),
                (example, example),
                str(whole),
                input_names=list(_NAMES),
                output_names=[_HIDDEN],
                dynamic_axes=axes,
                opset_version=17,
                dynamo=False,
            )
            logging.getLogger().addFilter(_nothing)  # it advises to optimise first, which is for pictures
            quantize_dynamic(
                str(whole),
                str(small),
                op_types_to_quantize=["MatMul"],  # not the table of words, which costs no time
                nodes_to_exclude=_narrowing(whole),
                per_channel=True,
                reduce_range=not _adds_without_overflow(),
                weight_type=QuantType.QInt8,
            )
        except Exception as error:  # the exporter raises whatever a model's own code does
            reason = f"embedder_dtype: this model cannot be brought to int8 ({error}). Set it to auto."
            raise ModelError(reason) from error
        finally:
            logging.getLogger().removeFilter(_nothing)
        small.chmod(0o600)
        small.replace(file)


def _narrowing(file: Path) -> list[str]:
    """The matrices that make a vector narrower, as the last of each layer does: in int8 these lose 1.5% of nDCG."""
    import onnx

    graph = onnx.load(str(file)).graph
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and len(shapes.get(node.input[1], ())) == 2]
    return [node.name for node in products if shapes[node.input[1]][0] > shapes[node.input[1]][1]]


def _nothing(_: logging.LogRecord) -> bool:
    return False


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
        import onnxruntime

        super().__init__()
        self.config: Any = model.config
        self.place = torch.nn.Parameter(torch.zeros(1), requires_grad=False)  # by which the device is told
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as OMP_WAIT_POLICY for torch
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common parent but this
            raise ModelError(f"{file} cannot be read ({error}). Remove it; it is made anew.") from error

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_others: object
    ) -> dict[str, torch.Tensor]:
        """Token vectors of a batch."""
        given = {"input_ids": input_ids.numpy(), "attention_mask": attention_mask.numpy()}
        return {_HIDDEN: torch.from_numpy(self._session.run(None, given)[0])}
