"""DOCX to elements through unstructured's reader, which knows Word's numbering, merged cells and tracked changes.

Its reader is used below `partition_docx`: there a paragraph without a style gets its kind from its words, which makes
prose a title when no language model is installed. Here the styles and outline levels alone say what is a heading.
Added are what it leaves out: text boxes, content controls, tracked insertions, footnotes after what refers to them.
Running headers and footers come once, at the end.
"""

from __future__ import annotations

import contextlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree, html  # type: ignore[import-untyped]

from ingest.parse.charts import chart_elements
from ingest.parse.properties import office_properties
from ingest.parse.quiet import quieten
from ingest.parse.struck import STRUCK
from ingest.parse.table import table, title_over
from ingest.parse.text import first_heading, flowing, heading, normal, prose, single_line
from storage.records import Element, Kind, Parsed

quieten()

from docx.opc.constants import RELATIONSHIP_TYPE as RT  # noqa: E402
from docx.oxml import OxmlElement  # noqa: E402  (after the calls home are stopped)
from docx.oxml.ns import qn  # noqa: E402
from unstructured.documents import elements as found  # noqa: E402
from unstructured.partition.docx import DocxPartitionerOptions, _DocxPartitioner  # noqa: E402

from ingest.parse.html_text import table_rows  # noqa: E402
from ingest.parse.word_notes import WordNotes  # noqa: E402
from ingest.parse.word_struck import StruckThrough  # noqa: E402

_LABELLED = re.compile(r"^\(?[\dA-Za-zIVXivx]{1,5}([.)]|(\.\d+)+[.)]?)\s")
_LONGEST_LIST = 2500  # characters of a list in one element
_LONGEST_BOLD = 90  # characters of a bold line that stands for a heading
_WRAPPERS = tuple(map(qn, ("w:sdt", "w:ins", "w:moveTo", "w:smartTag", "w:fldSimple", "w:customXml")))
_CHART = re.compile(r"word/charts/chart\d*\.xml")
_COMMENTS = "word/comments.xml"
_TINY = 4  # half points


class _ByStyle(_DocxPartitioner):
    """unstructured's reader, with kinds from styles only."""

    def _parse_paragraph_text_for_element_type(self, paragraph: Any) -> None:
        """Nothing is told from the words."""

    def _style_based_element_type(self, paragraph: Any) -> Any:
        kind = super()._style_based_element_type(paragraph)
        return found.Title if kind is None and self._has_outline_level(paragraph) else kind

    def _parse_category_depth_by_style(self, paragraph: Any) -> int:
        depth: int = super()._parse_category_depth_by_style(paragraph)
        if not depth and self._has_outline_level(paragraph) and not self._style_name(paragraph).startswith("Heading"):
            return self._outline_level(paragraph)
        return depth

    def _outline_level(self, paragraph: Any) -> int:
        values = paragraph._p.xpath("./w:pPr/w:outlineLvl/@w:val")
        style = paragraph.style
        for _ in range(20):  # styles may be based on each other in a circle
            if values or style is None:
                break
            values = style.element.xpath("./w:pPr/w:outlineLvl/@w:val")
            style = style.base_style
        return int(values[0]) if values else 0

    def _iter_paragraph_elements(self, paragraph: Any) -> Iterator[Any]:
        yield from super()._iter_paragraph_elements(paragraph)
        for text in _boxed_text(paragraph._p):
            yield found.Text(text=text)


def parse_word(path: Path) -> Parsed:
    """A DOCX file."""
    options = DocxPartitionerOptions.load(
        file=None,
        file_path=str(path),
        include_page_breaks=False,
        infer_table_structure=True,
        starting_page_number=1,
        strategy="fast",
    )
    document = options.document
    hidden = _without_hidden(document.element.body)
    struck = StruckThrough(document.styles.element)
    for part in (document.element.body, *_above_and_below(document)):
        struck.take_out(part)
    _unwrap(document.element.body)
    _lift_tables(document.element.body)
    notes = WordNotes(path, struck)
    notes.mark(document.element.body)
    raw = list(_ByStyle.iter_document_elements(options))
    if not any(isinstance(item, found.Title) for item in raw):
        raw = [_bold_heading(item) for item in raw]
    elements = [*_elements(raw, notes), *_charts(path), *notes.rest(), *_comments(path, struck), *_running_heads(raw)]
    known = office_properties(path, document.core_properties)
    return Parsed(
        elements=tuple(elements),
        title=known.title or first_heading(elements),
        author=known.author,
        created=known.created,
        modified=known.modified,
        flags=(*(["hidden text was left out"] if hidden else []), *([STRUCK] if struck.found else [])),
    )


def _above_and_below(document: Any) -> list[Any]:
    """The trees of its running headers and footers."""
    relations = document.part.rels.values()
    return [held.target_part.element for held in relations if held.reltype in (RT.HEADER, RT.FOOTER)]


def _elements(raw: list[Any], notes: WordNotes) -> Iterator[Element]:
    """The items of the reader in order, each list, paragraph and table followed by its notes."""
    items: list[str] = []
    due: list[str] = []  # marks in the list that is being gathered
    for item in [*raw, None]:
        if isinstance(item, found.Header | found.Footer):
            continue
        if item is not None:
            item.text, marks = notes.taken(item.text, shown=not isinstance(item, found.Title))
        if isinstance(item, found.ListItem):
            line = list_line(item.text, item.metadata.category_depth or 0)
            if items and sum(map(len, items)) + len(line) > _LONGEST_LIST:
                yield from _list(items)
            items.append(line)
            due += marks
            continue
        yield from _list(items)
        yield from notes.elements(due)
        due.clear()
        if isinstance(item, found.Title):
            yield from heading(item.text, (item.metadata.category_depth or 0) + 1)
        elif isinstance(item, found.Table):
            source = notes.taken(item.metadata.text_as_html)[0] if item.metadata.text_as_html else None
            yield from table_from_html(source, item.text)
        elif item is not None:
            yield from prose(item.text)
        if item is not None:
            yield from notes.elements(marks)


def _running_heads(raw: list[Any]) -> list[Element]:
    """What stands above and below the pages, each once."""
    texts = dict.fromkeys(single_line(item.text) for item in raw if isinstance(item, found.Header | found.Footer))
    worth = (text for text in texts if sum(character.isalpha() for character in text) > 6)
    return [element for text in worth for element in prose(text, kind=Kind.NOTE)]


def list_line(text: str, depth: int) -> str:
    """One item with its mark: its own number, or a dash."""
    text = single_line(text)
    mark = "" if _LABELLED.match(text) else "- "
    return f"{'  ' * min(depth, 9)}{mark}{text}" if text else ""


def _list(items: list[str]) -> list[Element]:
    """The gathered items as one element; empties the list."""
    text = normal("\n".join(filter(None, items)))
    items.clear()
    return [Element(kind=Kind.LIST, text=text)] if text else []


def table_from_html(source: str | None, text: str, *, page: int | None = None) -> list[Element]:
    """The table that unstructured wrote as HTML; its bare text where the grid was too large to write."""
    if not source:
        return prose(text, page=page)
    rows, header_rows = table_rows(html.fragment_fromstring(source))
    if max(map(len, rows), default=0) == 1:  # a box around text
        return [element for row in rows for element in prose(row[0], page=page)]
    title = title_over(rows)
    return [*prose(title, page=page), *table(rows[1:] if title else rows, header_rows=header_rows, page=page)]


def _bold_heading(item: Any) -> Any:
    """In a document without heading styles: a short line that is bold throughout stands for a heading."""
    metadata = item.metadata
    if type(item) is not found.Text or "b" not in (metadata.emphasized_text_tags or ()):
        return item
    pairs = zip(metadata.emphasized_text_contents, metadata.emphasized_text_tags, strict=True)
    bold = "".join(text for text, tag in pairs if tag == "b")
    text = single_line(item.text)
    whole = "".join(bold.split()) == "".join(text.split())
    if not whole or len(text) > _LONGEST_BOLD or text.endswith((".", ",", ";", ":")):
        return item
    metadata.category_depth = 1
    return found.Title(text=text, metadata=metadata)


def _unwrap(body: Any) -> None:
    """Take away what stands around text and hides it from the reader: content controls, tracked insertions, fields."""
    for wrapper in list(body.iter(*_WRAPPERS)):
        holder = wrapper.find(qn("w:sdtContent")) if wrapper.tag == qn("w:sdt") else wrapper
        parent = wrapper.getparent()
        position = parent.index(wrapper)
        parent.remove(wrapper)
        for offset, child in enumerate(list(holder) if holder is not None else []):
            parent.insert(position + offset, child)


def _lift_tables(body: Any) -> None:
    """Put each table that stands in a cell of another behind that one, under the name of its row. The reader gives its
    bare words, in the cell."""
    behind: dict[Any, Any] = {}  # by table: the last of what was put behind it
    home: dict[Any, Any] = {}  # the table that it stood in
    for inner in list(body.iter(qn("w:tbl"))):
        outer = next((above for above in inner.iterancestors(qn("w:tbl"))), None)
        rows = inner.findall(qn("w:tr"))
        if outer is None or len(rows) < 2 or max(len(row.findall(qn("w:tc"))) for row in rows) < 2:
            continue
        row = next(inner.iterancestors(qn("w:tr")))
        cells = row.findall(qn("w:tc"))
        name = single_line("".join(text.text or "" for text in cells[0].iter(qn("w:t"))))
        holder = next(inner.iterancestors(qn("w:tc")))
        inner.getparent().remove(inner)
        place = behind.get(outer, outer)
        if name and holder is not cells[0]:
            paragraph = OxmlElement("w:p")
            run = etree.SubElement(etree.SubElement(paragraph, qn("w:r")), qn("w:t"))
            run.text = name
            place.addnext(paragraph)
            place = paragraph
        place.addnext(inner)
        home[inner] = outer
        while outer is not None:
            behind[outer], outer = inner, home.get(outer)


def _without_hidden(body: Any) -> bool:
    """Take out runs that nobody sees: hidden, tiny, or white without a ground. True when there were any."""
    found = False
    for properties in list(body.iter(qn("w:rPr"))):
        run = properties.getparent()
        if run is None or run.tag != qn("w:r") or not any(text.text for text in run.iter(qn("w:t"))):
            continue
        vanish, size, colour = (properties.find(qn(name)) for name in ("w:vanish", "w:sz", "w:color"))
        gone = vanish is not None and vanish.get(qn("w:val")) not in ("0", "false", "off")
        tiny = size is not None and (size.get(qn("w:val")) or "").isdigit() and int(size.get(qn("w:val"))) <= _TINY
        white = colour is not None and (colour.get(qn("w:val")) or "").upper() == "FFFFFF"
        if gone or tiny or (white and not _shaded(run)):
            run.getparent().remove(run)
            found = True
    return found


def _shaded(run: Any) -> bool:
    """True where the run, its paragraph, cell or table has a ground, or a style that may give it one."""
    marks = ("w:shd", "w:highlight", "w:pStyle", "w:rStyle", "w:tblStyle")
    for around in (run, *run.iterancestors()):
        for properties in ("w:rPr", "w:pPr", "w:tcPr", "w:tblPr"):
            holder = around.find(qn(properties))
            if holder is not None and any(holder.find(qn(mark)) is not None for mark in marks):
                return True
        if around.tag == qn("w:txbxContent"):
            return True  # a box may have any ground
    return False


def _charts(path: Path) -> list[Element]:
    """The charts of a document, after its text: which paragraph each stands in is not told by their parts."""
    elements: list[Element] = []
    with zipfile.ZipFile(path) as container:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        for name in sorted(filter(_CHART.fullmatch, container.namelist())):
            with contextlib.suppress(etree.XMLSyntaxError):  # a damaged chart is no damaged document
                elements += chart_elements(etree.fromstring(container.read(name), parser))
    return elements


def _comments(path: Path, struck: StruckThrough) -> list[Element]:
    """Reviewers' comments, each by itself and with its author's name."""
    elements: list[Element] = []
    with zipfile.ZipFile(path) as container:
        if _COMMENTS not in container.namelist():
            return elements
        root = etree.fromstring(container.read(_COMMENTS), etree.XMLParser(resolve_entities=False, no_network=True))
    struck.take_out(root)
    for comment in root.iter(qn("w:comment")):
        text = single_line(" ".join("".join(p.itertext(qn("w:t"))) for p in comment.iter(qn("w:p"))))
        author = single_line(comment.get(qn("w:author")) or "")
        elements += prose(f"Comment{f' by {author}' if author else ''}: {text}" if text else "", kind=Kind.NOTE)
    return elements


def _boxed_text(paragraph: Any) -> Iterator[str]:
    """The floating text boxes anchored in a paragraph; the copies for old readers (`mc:Fallback`) are left out."""
    for box in paragraph.iter(qn("w:txbxContent")):
        if any(etree.QName(above).localname in ("Fallback", "inline") for above in box.iterancestors()):
            continue
        lines = ("".join(run.text or "" for run in line.iter(qn("w:t"))) for line in box.iter(qn("w:p")))
        text = flowing("\n".join(lines))
        if text:
            yield text
