"""The shape of the product: who imports whom, and one owner for each vendor."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "ingest", "storage")
FORBIDDEN = {"app": {"ingest"}, "ingest": {"app"}, "storage": {"app", "ingest"}}
COMPOSITION_ROOT = "app/cli.py"  # the one file that may reach into both

SEARCHES = re.compile(r"_?search(_\w+)?|chunks_(by_id|around)|vectors_by_id|revision|original_of")
ENDS = ("app/cli.py:", "app/web/api.py:")  # they take groups from a person's words, and pass them on

OWNERS = {  # vendor: the files (or folders) that may import it
    "alembic": {"storage/database.py", "storage/migrations"},
    "argon2": {"storage/accounts.py"},
    "chromadb": {"storage/vectors.py"},
    "huggingface_hub": {"app/models/fetch.py"},
    "llama_index": {"app/serving/llm_server.py", "app/retrieval/llamaindex.py"},
    "msoffcrypto": {"ingest/parse"},
    "openpyxl": {"ingest/parse"},
    "prometheus_client": {"app/web/metrics.py"},
    "py3langid": {"ingest/language.py"},
    "pypdfium2": {"ingest/parse", "app/web/page_renderer.py"},
    "pyrage": {"storage/seals.py"},
    "sentence_transformers": {"storage/embedder.py", "app/retrieval/rerank.py"},
    "sqlalchemy": {"storage"},
    "starlette": {"app"},
    "streamlit": {"app/ui", "app/web/server.py"},
    "tantivy": {"storage/keywords.py", "storage/words.py"},
    "threadpoolctl": {"storage/scan.py"},
    "tokenizers": {"app/serving/tokens.py", "storage/embedder.py"},
    "onnx": {"storage/quantised.py"},
    "onnxruntime": {"storage/quantised.py"},
    "torch": {"storage/embedder.py", "storage/quantised.py"},
    "typer": {"app/cli.py", "app/commands"},
    "unstructured": {"ingest/parse"},
    "uvicorn": {"app/web/server.py"},
    "watchfiles": {"ingest/service.py"},
}


def sources() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def imports(file: Path) -> Iterator[str]:
    """Every module named by an import anywhere in the file, in functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import absolutely"
            yield node.module or ""


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_follow_the_shape(file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()
    package = name.split("/")[0]
    for module in imports(file):
        top = module.split(".")[0]
        if name != COMPOSITION_ROOT:
            assert top not in FORBIDDEN[package], f"{name} imports {module}"
        for vendor, owners in OWNERS.items():
            if top == vendor:
                assert any(name == owner or name.startswith(f"{owner}/") for owner in owners), (
                    f"{name} imports {vendor}"
                )


def test_a_wrong_import_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "probe.py"
    file.write_text("def f():\n    from ingest.scan import walk\n    import chromadb.config\n")
    assert set(imports(file)) == {"ingest.scan", "chromadb.config"}


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in sources()
        if ast.get_docstring(ast.parse(file.read_text("utf-8"))) is None
    ]
    assert silent == []


def test_names_say_something() -> None:
    empty = {"utils", "util", "common", "helpers", "helper", "misc", "manager"}
    assert [str(file) for file in sources() if file.stem in empty] == []


def test_every_search_names_who_may_read() -> None:
    """No function that gives out passages or revisions goes without a required `labels` or `groups`."""
    without = []
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or not SEARCHES.fullmatch(node.name) or node.decorator_list:
                continue
            optional = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            required = {argument.arg for argument in node.args.args}
            required |= {argument.arg for argument, default in optional if default is None}
            if not required & {"label", "labels", "groups"}:
                without.append(f"{file.relative_to(ROOT)}:{node.name}")
    assert [name for name in without if not name.startswith(ENDS)] == []
