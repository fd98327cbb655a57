"""How well scans are read: `python tests/benchmarks/ocr.py [--pages 12] [--dpi 150 300]`.

Pages of the handbook of PREMISE_EVAL_DIR (default ../shared/eval) are printed to PDF by Chromium, each document's first
page is drawn at each resolution as a picture, and the picture is read back. Prints the words read wrong, left out or
added for each word of the text PDF, and how often a sentence of a page, put as a question, finds that page first: in
an index of the text PDFs and in one of the scans.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from statistics import mean

import pypdfium2
from markdown_it import MarkdownIt

from app.retrieval.retrieve import Retriever
from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.records import revision_text
from storage.settings import load_settings
from storage.store import open_store

EVAL = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval"))
LEAST, MOST = 1500, 6000  # characters of a source that is taken
QUESTIONS = 5  # sentences of each page
LIMITS = ParseLimits(ocr_languages=("eng",))


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--pages", type=int, default=12)
    arguments.add_argument("--dpi", type=int, nargs="+", default=[150, 300])
    options = arguments.parse_args()
    browser = shutil.which("chromium")
    if not (EVAL / "handbook").is_dir() or browser is None:
        sys.exit(f"This needs Chromium and the handbook in {EVAL} (PREMISE_EVAL_DIR).")
    with tempfile.TemporaryDirectory(prefix="premise-benchmark-") as name:
        folder = Path(name)
        texts = print_pages(browser, folder / "text", options.pages)
        sentences = {path.stem: said(text) for path, text in texts.items()}
        print(f"{len(texts)} pages, {sum(map(len, sentences.values()))} questions")
        print(f"{'':10}{'words wrong':>12}{'hit@1':>8}{'s a page':>10}")
        print(f"{'text':10}{'':12}{indexed(folder / 'text', sentences).first:8.3f}")
        for dpi in options.dpi:
            scans = folder / f"scans-{dpi}"
            scans.mkdir()
            for path in texts:
                page = pypdfium2.PdfDocument(path)[0]
                page.render(scale=dpi / 72).to_pil().convert("L").save(scans / path.name, resolution=dpi)
            read = indexed(scans, sentences)
            wrong = [word_errors(text, read.texts.get(path.stem, "")) for path, text in texts.items()]
            print(f"{f'{dpi} dpi':10}{mean(wrong):12.3f}{read.first:8.3f}{read.seconds / len(texts):10.1f}", flush=True)


def print_pages(browser: str, folder: Path, count: int) -> dict[Path, str]:
    """The first pages of `count` documents as PDFs, with their text."""
    folder.mkdir()
    render = MarkdownIt("commonmark", {"html": True}).enable(["table"]).render
    texts: dict[Path, str] = {}
    sources = [file for file in sorted((EVAL / "handbook").rglob("*.md")) if LEAST < file.stat().st_size < MOST]
    for file in sources[:: max(1, len(sources) // (2 * count))]:
        page = re.sub(r"<(img|iframe|script|link)[^>]*>", "", render(file.read_text(encoding="utf-8")))
        source = folder / "page.html"
        source.write_text(f"<meta charset=utf-8>{page}", encoding="utf-8")
        whole, cut = folder / "whole.tmp", folder / f"{file.parent.name}-{file.stem}.pdf"
        quiet = "--headless --no-sandbox --disable-gpu --disable-background-networking --no-pdf-header-footer".split()
        command = [browser, *quiet, f"--print-to-pdf={whole}", str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=90)
        first = pypdfium2.PdfDocument.new()
        first.import_pages(pypdfium2.PdfDocument(whole), [0])
        first.save(cut)
        source.unlink()
        whole.unlink()
        texts[cut] = revision_text(parse(cut, suffix=".pdf", limits=LIMITS).elements)
        if len(texts) == count:
            break
    return texts


def said(text: str) -> list[str]:
    """Some sentences of a page, shortened to what a person would type."""
    found = [s for s in re.split(r"(?<=[.!?])\s+|\n+", text) if 6 <= len(s.split()) <= 30]
    step = max(1, len(found) // QUESTIONS)
    return [" ".join(sentence.split()[:12]) for sentence in found[::step]][:QUESTIONS]


def word_errors(truth: str, read: str) -> float:
    """Words replaced, left out or added for each word of the truth, whatever the order of the blocks."""
    want, got = (re.findall(r"\w+", text.lower()) for text in (truth, read))
    same = sum(block.size for block in SequenceMatcher(None, want, got, autojunk=False).get_matching_blocks())
    return (max(len(want), len(got)) - same) / max(len(want), 1)


@dataclass(frozen=True, kw_only=True)
class Indexed:
    """What came of an index of some files."""

    first: float  # how often a sentence finds its page first
    texts: dict[str, str]  # by the file's name without its suffix
    seconds: float  # to read and index them


def indexed(files: Path, sentences: dict[str, list[str]]) -> Indexed:
    """Read the files and ask for their sentences."""
    with tempfile.TemporaryDirectory(prefix="premise-benchmark-") as folder:
        settings = load_settings(Path(folder), settle_seconds=0.0)
        shutil.copytree(files, settings.inbox_folder / "everyone")
        limits = ParseLimits(ocr_languages=("eng",), seconds=300)
        with open_store(settings) as store, Sandbox(limits) as sandbox:
            pipeline = Pipeline(settings, store.indexes, store.originals, store.embedder, sandbox)
            pipeline.reconcile(store.catalog.source(str(settings.inbox_folder), None))
            began = time.monotonic()
            pipeline.work(store.catalog.sources())
            seconds = time.monotonic() - began
            texts = {
                Path(item.path).stem: revision_text(item.parsed.elements) for item in store.catalog.current_revisions()
            }
            retriever = Retriever(store.indexes, store.embedder)
            labels = store.catalog.labels_of(["everyone"])
            right = []
            for name, questions in sentences.items():
                for question in questions:
                    hits = retriever.search(question, labels=labels, k=1)
                    right.append(bool(hits) and Path(hits[0].found.path).stem == name)
    return Indexed(first=mean(right), texts=texts, seconds=seconds)


if __name__ == "__main__":
    main()
