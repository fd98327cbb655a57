"""Read the sources in `text/`: a few lines about the document, then blocks in a small part of Markdown.

A block is (kind, content). Kinds: "h1", "h2", "p", "note" (text each), "bullets", "steps" (lists of texts), and "table"
({"rows": lists of cells, the first of them the head, "caption": text, "widths": relative widths of the columns}).
A table may begin with a line `Caption: text {3 2 2}`.
"""

import re
from pathlib import Path
from typing import Any

TEXT = Path(__file__).resolve().parent / "text"

Block = tuple[str, Any]


def _items(block: str, mark: str) -> list[str]:
    return [" ".join(item.split()) for item in re.split(rf"^{re.escape(mark)}", block, flags=re.MULTILINE)[1:]]


def _table(block: str) -> dict[str, Any]:
    caption, widths = "", ""
    lines = block.splitlines()
    if found := re.fullmatch(r"Caption: (.*) \{([\d. ]+)\}", lines[0]):
        caption, widths = found.groups()
        lines = lines[1:]
    rows = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines]
    return {"rows": rows, "caption": caption, "widths": [float(width) for width in widths.split()]}


def _block(block: str) -> Block:
    if found := re.fullmatch(r"(#+) (.*)", block):
        return f"h{len(found[1])}", found[2]
    if block.startswith("- "):
        return "bullets", _items(block, "- ")
    if block.startswith("1. "):
        return "steps", _items(block, "1. ")
    if block.startswith("> "):
        return "note", " ".join(re.sub(r"^> ", "", block, flags=re.MULTILINE).split())
    if block.startswith(("| ", "Caption: ")):
        return "table", _table(block)
    return "p", " ".join(block.split())


def read(name: str) -> tuple[dict[str, str], list[Block]]:
    """What the source says about the document, and its blocks."""
    _, head, body = (TEXT / name).read_text("utf-8").split("---\n", 2)
    info = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return info, [_block(block) for block in body.strip().split("\n\n")]
