"""Whether a question about one cell finds its row: `python tests/benchmarks/tables.py [--questions 50]`.

Tables of the handbook of PREMISE_EVAL_DIR (default ../shared/eval) are converted, as they stand in their pages, to PDF
(printed by Chromium) and XLSX, and indexed with the sample company, whose own tables are asked too. A question names
the first cell of a row and a column as the table does, or asks for the cell in words of our own; found means that one
of the first three passages holds, on one line, both names with their cells.
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
from ingest.parse.registry import SUPPORTED, parse
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.records import Element, Kind
from storage.settings import load_settings
from storage.store import open_store

EVAL = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval"))
SAMPLES = Path(__file__).parents[2] / "deploy" / "samples" / "inbox"
FORMS = ("md", "pdf", "xlsx")
SAMPLE = "sample"  # the sample company's own documents, whatever their format
FIRST = 3  # passages
# Questions in words of our own, as somebody asks who does not know the table: page, table, row, column.
LOOSE = (
    ("benefits-pay-perks/benefits-perks/travel/index.md", 0, 1, 1, "How much money may my group burn on one offsite?"),
    (
        "benefits-pay-perks/benefits-perks/travel/index.md",
        0,
        3,
        1,
        "Ceiling for a trip to a training course or conference",
    ),
    (
        "benefits-pay-perks/benefits-perks/travel/sample-team-offsites.md",
        *(0, 1, 1),
        "What did a bed for the night come to for each of us at the sample offsite?",
    ),
    (
        "benefits-pay-perks/benefits-perks/travel/sample-team-offsites.md",
        *(0, 0, 1),
        "What did flying there come to for each person in the sample offsite?",
    ),
    (
        "company-info-and-process/communication/team_chat.md",
        *(0, 4, 1),
        "Which sort of chat room is for colleagues who live in one city?",
    ),
    (
        "company-info-and-process/communication/team_chat.md",
        *(3, 5, 1),
        "Who should be in the chat room that tells of outages?",
    ),
    (
        "company-info-and-process/communication/team_chat.md",
        *(4, 4, 1),
        "Where in chat do I go with questions about recruiting, and who is in there?",
    ),
    (
        "company-info-and-process/policies/data-management-policy.md",
        *(1, 0, 2),
        "How long after a client leaves is their information on the hosted product wiped?",
    ),
    (
        "company-info-and-process/policies/data-management-policy.md",
        *(1, 4, 2),
        "For how long are recorded calls with the help desk kept?",
    ),
    (
        "company-info-and-process/policies/data-management-policy.md",
        *(0, 4, 2),
        "Who did the yearly check of the data policy in spring 2023?",
    ),
    (
        "company-info-and-process/policies/information-security-risk-management-policy.md",
        *(0, 4, 2),
        "Which number does a threat get that comes less than once in ten years?",
    ),
    (
        "company-info-and-process/policies/information-security-risk-management-policy.md",
        *(0, 0, 1),
        "When do we say that a danger is almost sure to come?",
    ),
    (
        "company-info-and-process/policies/secure-development-policy.md",
        *(0, 1, 3),
        "Who went over the rules for safe coding in May 2023?",
    ),
    (
        "company-info-and-process/working-at-sourcegraph/teammate-development/addressing-underperformance.md",
        *(0, 1, 3),
        "What helps a boss to tell somebody about the coaching they will get?",
    ),
    (
        "departments/cloud/github-projects-beta.md",
        0,
        3,
        2,
        "Where do we note how much work a ticket is for one engineer?",
    ),
    ("departments/cloud/github-projects-beta.md", 2, 1, 1, "What does it say of a ticket that it cannot go on?"),
    ("departments/cloud/github-projects-beta.md", 2, 5, 1, "Which state does shipped work have on the board?"),
    (
        "departments/cloud/technical-docs/cost_estimation.md",
        *(0, 1, 1),
        "What do we charge for disk space over the first 250 gigabytes?",
    ),
    (
        "departments/cloud/technical-docs/index.md",
        *(0, 4, 2),
        "When does the last customer get a new release, counted in days of work?",
    ),
    (
        "departments/marketing/process/value-drivers.md",
        *(0, 2, 2),
        "How much sooner are new programmers up to speed with us?",
    ),
    (
        "departments/product/design/research/conducting-evaluative-research.md",
        *(0, 2, 1),
        "How do I test whether people press the right thing straight away?",
    ),
    (
        "departments/product/design/research/usability-metrics.md",
        *(0, 3, 1),
        "From which share of finished tasks is the usability only bad?",
    ),
    (
        "departments/sales/demand-gen/digital_marketing_programs.md",
        *(0, 5, 2),
        "Which adverts on LinkedIn can we use to find new staff?",
    ),
    ("departments/sales/smb/smb-handoff.md", 0, 4, 1, "Who at the client has the last word on the money?"),
    (
        "departments/technical-success/ce/process/license_keys.md",
        *(1, 1, 1),
        "Which switch of the licence is for installations that are cut off from the internet?",
    ),
)
STYLE = "<style>table{border-collapse:collapse}td,th{border:1px solid #888;padding:4px}</style>"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question whose answer is one cell."""

    question: str
    form: str
    own_words: bool
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
        asked += of_samples(options.questions // 2)
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
    right = {item: hits(item, retriever, labels) for item in asked}
    for own, wording in ((False, "in the table's words"), (True, "in words of our own")):
        for form in (*FORMS, SAMPLE, "all"):
            mine = [item for item in asked if item.own_words == own and form in (item.form, "all")]
            if not mine:
                continue
            found = sum(right[item] for item in mine)
            print(f"{wording:22}{form:8}{found:4} of {len(mine):3}{found / len(mine):8.2f}")
    for item in asked:
        if not right[item]:
            print(f"not found: {item.question} ({item.form}: {item.row} | {item.cell})")


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
    loose: list[Asked] = []
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
        at = file.relative_to(EVAL / "handbook").as_posix()
        for page, table, row, column, question in LOOSE:
            if page == at:
                loose.append(about(tables[table], row, column, question, form=form, own_words=True))
        pages -= 1
        if not pages:
            break
    random.Random(4).shuffle(asked)  # noqa: S311  (a sample that is the same each time)
    return asked[:count] + loose


def of_samples(count: int) -> list[Asked]:
    """Questions for cells of the tables in documents of the sample company that everyone may read."""
    asked: list[Asked] = []
    for file in sorted(path for path in (SAMPLES / "everyone").rglob("*") if path.suffix in SUPPORTED):
        tables = parse(file, suffix=file.suffix, limits=ParseLimits()).elements
        asked += [one for table in tables if usable(table) for one in questions(table, SAMPLE)]
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
        about(
            table,
            number,
            1,
            f"What is the {table.header[1]} of {table.header[0]} {row.cells[0]}?",
            form=form,
            own_words=False,
        )
        for number, row in enumerate(table.rows)
        if len(row.cells) > 1 and plain(row.cells[0]) and plain(row.cells[1])  # a tick alone cannot be looked for
    ]


def about(table: Element, row: int, column: int, question: str, *, form: str, own_words: bool) -> Asked:
    """A question about one cell."""
    cells = table.rows[row].cells
    return Asked(
        question=question,
        form=form,
        own_words=own_words,
        row=f"{table.header[0]}: {cells[0]}",
        cell=f"{table.header[column]}: {cells[column]}",
    )


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
