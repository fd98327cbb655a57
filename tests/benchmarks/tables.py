"""Whether a question about one cell finds its row: `python tests/benchmarks/tables.py [--questions 50]`.

Tables of the handbook of PREMISE_EVAL_DIR (default ../shared/eval) are converted, as they stand in their pages, to PDF
(printed by Chromium) and XLSX, and indexed with the sample company. A question names the first cell of a row and a
column; found means that one of the first three passages holds, on one line, both names with their cells.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from openpyxl import Workbook

from app.retrieval.retrieve import Retriever
from ingest.parse.limits import ParseLimits
from ingest.parse.markdown import parse_markdown
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.records import Element, Kind
from storage.settings import load_settings
from storage.store import open_store

EVAL = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval"))
SAMPLES = Path(__file__).parents[2] / "deploy" / "samples" / "inbox"
FORMS = ("md", "pdf", "xlsx")
FIRST = 3  # passages
STYLE = "<style>table{border-collapse:collapse}td,th{border:1px solid #888;padding:4px}</style>"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question whose answer is one cell."""

    question: str
    form: str
    row: str  # the name of the first column, and the row's cell in it
    cell: str  # the name of the column asked for, and the row's cell in it


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--questions", type=int, default=50)
    arguments.add_argument("--pages", type=int, default=30, help="pages of the handbook with tables")
    options = arguments.parse_args()
    if not (EVAL / "handbook").is_dir():
        sys.exit(f"This needs the handbook in {EVAL} (PREMISE_EVAL_DIR).")
    with tempfile.TemporaryDirectory(prefix="premise-benchmark-") as folder:
        settings = load_settings(Path(folder), settle_seconds=0.0)
        shutil.copytree(SAMPLES, settings.inbox_folder)
        asked = written(settings.inbox_folder / "everyone" / "tables", options.pages, options.questions)
        with open_store(settings) as store, Sandbox(ParseLimits()) as sandbox:
            pipeline = Pipeline(settings, store.indexes, store.originals, store.embedder, sandbox)
            pipeline.reconcile(store.catalog.source(str(settings.inbox_folder), None))
            pipeline.work(store.catalog.sources())
            retriever = Retriever(store.indexes, store.embedder)
            labels = store.catalog.labels_of(["everyone"])
            report(asked, retriever, labels)


def report(asked: list[Asked], retriever: Retriever, labels: frozenset[int]) -> None:
    """What was found, by form."""
    print(f"{len(asked)} questions; the right row among the first {FIRST} passages")
    for form in FORMS:
        mine = [item for item in asked if item.form == form]
        found = sum(hits(item, retriever, labels) for item in mine)
        print(f"{form:6}{found:4} of {len(mine):3}{found / max(len(mine), 1):8.2f}")


def hits(item: Asked, retriever: Retriever, labels: frozenset[int]) -> bool:
    """True when a passage among the first holds both cells, each with its column's name before it, on one line."""
    passages = [hit.found.chunk.body for hit in retriever.search(item.question, labels=labels, k=FIRST)]
    return any(
        plain(item.row) in line and plain(item.cell) in line
        for body in passages
        for line in map(plain, body.split("\n"))
    )


def plain(text: str) -> str:
    """Letters and digits only."""
    return re.sub(r"\W+", "", text).lower()


def written(folder: Path, pages: int, count: int) -> list[Asked]:
    """Put the tables there in every form, and make the questions."""
    folder.mkdir(parents=True)
    render = MarkdownIt("commonmark", {"html": True}).enable(["table"]).render
    asked: list[Asked] = []
    for file in sorted((EVAL / "handbook").rglob("*.md")):
        source = file.read_text(encoding="utf-8")
        tables = [table for table in parse_markdown(source).elements if usable(table)]
        if not tables:
            continue
        form = FORMS[pages % len(FORMS)]
        name = f"{file.parent.name}-{file.stem}"
        if form == "md":
            (folder / f"{name}.md").write_text(source, encoding="utf-8")
        elif form == "xlsx":
            sheets(folder / f"{name}.xlsx", tables)
        else:
            printed(folder / f"{name}.pdf", STYLE + render(source))
        asked += [one for table in tables for one in questions(table, form)]
        pages -= 1
        if not pages:
            break
    random.Random(4).shuffle(asked)  # noqa: S311  (a sample that is the same each time)
    return asked[:count]


def usable(element: Element) -> bool:
    """A table with named columns and rows that their first cell names."""
    names = [row.cells[0] for row in element.rows]
    return (
        element.kind is Kind.TABLE
        and len(element.header) >= 2
        and all(element.header)
        and len(names) >= 3
        and len(set(names)) == len(names)
        and max(len(cell) for row in element.rows for cell in row.cells) < 200
    )


def questions(table: Element, form: str) -> list[Asked]:
    """One for each row: its second cell, asked by the names of row and column."""
    return [
        Asked(
            question=f"What is the {table.header[1]} of {table.header[0]} {row.cells[0]}?",
            form=form,
            row=f"{table.header[0]}: {row.cells[0]}",
            cell=f"{table.header[1]}: {row.cells[1]}",
        )
        for row in table.rows
        if len(row.cells) > 1 and plain(row.cells[0]) and plain(row.cells[1])  # a tick alone cannot be looked for
    ]


def sheets(path: Path, tables: list[Element]) -> None:
    """Each table on a sheet of its own."""
    book = Workbook(write_only=True)
    for number, table in enumerate(tables, 1):
        sheet = book.create_sheet(f"Table {number}")
        for row in [table.header, *(row.cells for row in table.rows)]:
            sheet.append(["'" + cell if cell.startswith("=") else cell for cell in row])
    book.save(path)


def printed(path: Path, page: str) -> None:
    """The page as Chromium prints it, without what it would load."""
    browser = shutil.which("chromium")
    if browser is None:
        sys.exit("This needs Chromium.")
    source = path.with_suffix(".print.html")
    page = re.sub(r"<(img|iframe|script|link)[^>]*>", "", page)
    source.write_text(f"<meta charset=utf-8>{page}", encoding="utf-8")
    quiet = "--headless --no-sandbox --disable-gpu --disable-background-networking --no-pdf-header-footer".split()
    subprocess.run(
        [browser, *quiet, f"--print-to-pdf={path}", str(source)], check=True, capture_output=True, timeout=90
    )
    source.unlink()


if __name__ == "__main__":
    main()
