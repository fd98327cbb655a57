"""How results look where a person sits at a terminal; output to a file or a program stays lines of text.

Knows the objects of `--json`. What documents say is shown as it is: nothing in it is a link, markup or an order.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from app.web.safe import plain
from storage.failures import advice

if TYPE_CHECKING:
    from rich.console import Console

    from storage.records import Document

STATES = {"indexed": "green", "failed": "red", "ignored": "bright_black"}  # others: yellow
QUOTED = 320  # characters of a passage
NOT_CONFIRMED = "Not confirmed: these places only come near. Compare before you rely on it."


def terminal() -> Console | None:
    """The terminal, if standard output is one."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    return Console(highlight=False, emoji=False, markup=False)


def hits(console: Console, found: list[dict[str, Any]]) -> None:
    """The passages of `premise search`."""
    from rich.padding import Padding
    from rich.text import Text

    for hit in found:
        head = Text.assemble((f"{hit['rank']:>2}  ", "bold cyan"))
        head.append(_line(hit["path"]), style="bold")
        if place := _place(hit):
            head.append(f"  {place}", style="cyan")
        head.append(f"  {hit['score']:.2f}", style="bright_black")
        console.print(head)
        text = _line(hit["text"])
        console.print(Padding(Text(text if len(text) <= QUOTED else text[:QUOTED] + "…"), (0, 0, 0, 4)))
        if hit["also"]:
            console.print(Text(f"    the same in {_line(', '.join(hit['also']))}", style="bright_black"))
        console.print()


def answer(console: Console, found: dict[str, Any]) -> None:
    """The answer of `premise ask`, then its sources, those of one place together."""
    from rich.markdown import Markdown
    from rich.text import Text

    console.print(Markdown(plain(found["answer"]), hyperlinks=False))
    if found.get("notice"):
        console.print(Text(f"\n{_line(found['notice'])}", style="yellow"))
    console.print()
    _sources(console, found["citations"])
    if found["near"]:
        console.print(Text(NOT_CONFIRMED, style="yellow"))
        _sources(console, found["near"], "?")
    if told := unfound(found):
        console.print(Text(told, style="yellow"))
    if not found["refused"]:
        console.print(Text(how(found), style="bright_black"))


def _sources(console: Console, citations: list[dict[str, Any]], sign: str = "") -> None:
    """Places by document and section. `sign`: behind their numbers."""
    from rich.text import Text

    places: dict[tuple[str, str], list[str]] = {}
    for citation in citations:
        places.setdefault((_line(citation["path"]), _place(citation)), []).append(f"{citation['n']}{sign}")
    for (path, place), numbers in places.items():
        line = Text.assemble(("".join(f"[{told}]" for told in numbers), "bold cyan"))
        line.append(f" {path}", style="bold")
        line.append(f"  {place}" if place else "", style="cyan")
        console.print(line)


def unfound(found: dict[str, Any]) -> str:
    """Which sentences of an answer were not found in the documents; nothing where all were."""
    said = [item["text"] for item in found["sentences"] if not item["supported"] and not item["near"]]
    return f"Not found in the documents: {' '.join(f'“{_line(text)}”' for text in said)}" if said else ""


def how(found: dict[str, Any]) -> str:
    """How sure an answer is, why, and how it came to be."""
    made = "written by the language model" if found["mode"] == "written" else "quoted from the documents"
    told = f"{found['level'].capitalize()} confidence ({found['confidence']:.0%}), {made}."
    return f"{told} {_line(found['reason'])}".strip()


def documents(console: Console, found: list[Document]) -> None:
    """The files of `premise documents list`."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bright_black")
    for name in ("State", "Path", "Read by", "Indexed", "Why"):
        table.add_column(name, overflow="fold", no_wrap=name in ("State", "Indexed"))
    for document in found:
        state = Text(document.state.value, style=STATES.get(document.state.value, "yellow"))
        indexed = f"{document.indexed.astimezone():%Y-%m-%d %H:%M}" if document.indexed else ""
        readers = ", ".join(document.groups) or "nobody"
        table.add_row(state, *(Text(_line(text)) for text in (document.path, readers, indexed, why(document))))
    console.print(table)


def why(document: Document) -> str:
    """Why a file is not indexed, and what to do; nothing where it is."""
    told = dict.fromkeys(filter(None, (document.reason, advice(document.code))))  # of a rule they are the same
    return f"{document.code}: {' '.join(told)}" if document.reason else ""


def _place(item: dict[str, Any]) -> str:
    """Pages and section of a hit or a citation."""
    pages = item["pages"]
    told = f"p. {pages[0]}" if len(pages) == 1 else f"p. {pages[0]}–{pages[-1]}" if pages else ""
    return ", ".join(filter(None, [told, _line(item["section"] or "")]))


def _line(text: str) -> str:
    return " ".join(plain(text).split())
