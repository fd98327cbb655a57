"""A large sheet from file to found cell: `python tests/benchmarks/large_sheet.py [--rows 100000] [--data DIR]`.

Writes a workbook of orders, ingests it into a new data folder, and looks for 50 rows drawn at random, and for two sums,
by search. Prints how long it took, the most memory of this process and of any child, and how often the row was in the
first three passages. `--data` only looks, in a folder that has it already; `--write FILE` only writes the workbook, for
a trial with `premise up`.
"""

from __future__ import annotations

import argparse
import datetime
import random
import resource
import tempfile
import time
from pathlib import Path

import openpyxl

from app.retrieval.retrieve import Retriever
from ingest.passes import one_pass
from storage.settings import load_settings
from storage.store import open_store

NAMES = ("Order", "Date", "Customer", "City", "Product", "Quantity", "Net amount", "Status")
FIRMS = [
    f"{one} {other}" for one in ("Nordwind", "Hansa", "Alpina", "Kranich") for other in ("Foods", "Tools", "Paper")
]
PRODUCTS = [f"{one} {other}" for one in ("steel", "brass", "nylon") for other in ("valve", "gasket", "filter", "hose")]
CITIES = ("Hamburg", "Bremen", "Leipzig", "Graz", "Basel", "Lyon", "Porto", "Brno")
ASKED, FIRST = 50, 3
SUMS = ("What is the total net amount of all orders?", "average quantity of the orders")


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="a data folder that has the sheet already")
    parser.add_argument("--write", type=Path, help="only write the workbook, to this file")
    chosen = parser.parse_args()
    if chosen.write:
        write(chosen.write, chosen.rows)
        return
    with tempfile.TemporaryDirectory() as made:
        data = chosen.data or Path(made)
        if not chosen.data:
            _ingest(data, chosen.rows)
        _look(data, chosen.rows)


def write(file: Path, rows: int) -> None:
    """The workbook."""
    chance = random.Random(4)  # noqa: S311  (the same in every run)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Orders 2024")
    sheet.append(NAMES)
    for number in range(1, rows + 1):
        day = datetime.date(2024, 1, 1) + datetime.timedelta(days=number * 366 // (rows + 1))
        quantity = chance.randrange(1, 500)
        amount = openpyxl.cell.WriteOnlyCell(sheet, round(quantity * chance.uniform(2, 90), 2))
        amount.number_format = '#,##0.00 "€"'
        words = [chance.choice(names) for names in (FIRMS, CITIES, PRODUCTS)]
        sheet.append([f"SO-{100_000 + number}", day, *words, quantity, amount, chance.choice(("open", "paid"))])
    book.save(file)


def _ingest(data: Path, rows: int) -> None:
    settings = load_settings(data, settle_seconds=0.0)
    folder = settings.inbox_folder / "everyone"
    folder.mkdir(parents=True)
    write(folder / "orders.xlsx", rows)
    started = time.monotonic()
    said = one_pass(settings, None, readers=None, retry=False, confirm_deletions=False, remove=False)
    own, child = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        f"{rows:,} rows, {said['chunks']:,} chunks: {time.monotonic() - started:,.0f} s; at most {own:,} MiB, "
        f"{child:,} MiB in a child; {said['timings']}"
    )


def _look(data: Path, rows: int) -> None:
    drawn = random.Random(11).sample(range(1, rows + 1), min(ASKED, rows))  # noqa: S311
    with open_store(load_settings(data)) as store:
        retriever = Retriever(store.indexes, store.embedder)
        labels = store.catalog.labels_of(["everyone"])

        def passages(question: str) -> list[str]:
            return [hit.found.chunk.body for hit in retriever.search(question, labels=labels, k=FIRST)]

        found = 0
        for number in drawn:
            order = f"SO-{100_000 + number}"
            found += any(f"Order: {order} |" in body for body in passages(f"net amount of the order {order}"))
        print(f"the row in the first {FIRST} passages: {found} of {len(drawn)}")
        for question in SUMS:
            print(f"{question}  {'total (sum)' in passages(question)[0]}")


if __name__ == "__main__":
    main()
