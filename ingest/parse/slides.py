"""PPTX to elements through unstructured's reader, which orders the shapes of a slide as they are seen.

As in `word`, it is used below `partition_pptx`, so that only the title shape makes a heading and not the words.
Charts follow as tables, then the speaker notes of their slide; hidden slides are left out with theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.parse.charts import chart_elements
from ingest.parse.properties import office_properties
from ingest.parse.quiet import quieten
from ingest.parse.scans import page_list
from ingest.parse.struck import flag
from ingest.parse.text import flowing, heading, normal, prose
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed

quieten()

from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER  # noqa: E402  (after the calls home are stopped)
from unstructured.documents import elements as found  # noqa: E402
from unstructured.partition.pptx import PptxPartitionerOptions, _PptxPartitioner  # noqa: E402

from ingest.parse.slides_hidden import is_hidden, without_hidden, without_struck  # noqa: E402
from ingest.parse.word import list_line, table_from_html  # noqa: E402

_BODIES = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY, PP_PLACEHOLDER.VERTICAL_OBJECT)
_FURNITURE = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER)


class _ByShape(_PptxPartitioner):
    """unstructured's reader, with kinds from the shapes only."""

    def _iter_shape_elements(self, shape: Any) -> Iterator[Any]:
        role = shape.placeholder_format.type if shape.is_placeholder else None
        if role in _FURNITURE or self._shape_is_off_slide(shape):
            return
        lines = [paragraph for paragraph in shape.text_frame.paragraphs if paragraph.text.strip()]
        listed = role in _BODIES and len(lines) > 1
        for paragraph in lines:
            kind = found.ListItem if listed or self._is_bulleted_paragraph(paragraph) else found.Text
            yield kind(text=paragraph.text, metadata=self._opts.text_metadata(category_depth=paragraph.level or 0))

    def _iter_maybe_slide_notes(self, slide: Any) -> Iterator[Any]:
        return iter(())  # they come after the slide, see `parse_slides`


def parse_slides(path: Path) -> Parsed:
    """A PPTX file."""
    options = PptxPartitionerOptions(
        file=None,
        file_path=str(path),
        include_page_breaks=False,
        include_slide_notes=False,
        infer_table_structure=True,
        strategy="fast",
    )
    reader = _ByShape(options)
    slides = reader._presentation.slides
    unseen = [page for page, slide in enumerate(slides, 1) if is_hidden(slide)]
    partly = [page for page, slide in enumerate(slides, 1) if page not in unseen and without_hidden(slide)]
    struck = [page for page, slide in enumerate(slides, 1) if page not in unseen and without_struck(slide)]
    by_page: dict[int, list[Any]] = {}
    for item in reader._iter_presentation_elements():
        by_page.setdefault(item.metadata.page_number or 0, []).append(item)
    elements: list[Element] = []
    for page, slide in enumerate(slides, 1):
        if page in unseen:
            continue
        elements += _slide(by_page.get(page, []), page)
        elements += [part for chart in _charts(slide.shapes) for part in chart_elements(chart, page=page)]
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        elements += prose(notes.text if notes else "", kind=Kind.NOTE, page=page)
    flags = tuple(
        f"{what} {page_list(pages).replace('page', 'slide')} was left out"
        for what, pages in (("the text of hidden", unseen), ("hidden text on", partly))
        if pages
    )
    if struck:
        flags = (*flags, flag(f" on {page_list(struck).replace('page', 'slide')}"))
    if flags and not elements:
        raise ParseFailure(Code.EMPTY, f"There is no text left in it: {'; '.join(flags)}.")
    known = office_properties(path, reader._presentation.core_properties)
    first = next((element.text for element in elements if element.kind is Kind.HEADING), None)
    return Parsed(
        elements=tuple(elements),
        title=known.title or first,
        author=known.author,
        created=known.created,
        modified=known.modified,
        pages=len(slides),
        flags=flags,
    )


def _charts(shapes: Any) -> Iterator[Any]:
    """The charts of a slide, those in groups too."""
    for shape in shapes:
        if shape.has_chart:
            yield shape.chart._chartSpace
        elif shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _charts(shape.shapes)


def _slide(items: list[Any], page: int) -> Iterator[Element]:
    """The title first, wherever it stands on the slide; list items that follow each other as one list."""
    titles = [item for item in items if isinstance(item, found.Title)]
    yield from heading(" ".join(item.text for item in titles), 1 if page == 1 else 2, page=page)
    lines: list[str] = []
    for item in [*items, None]:
        if isinstance(item, found.ListItem):
            lines.append(list_line(item.text, item.metadata.category_depth or 0))
            continue
        text = normal("\n".join(filter(None, lines)))
        lines.clear()
        if text:
            yield Element(kind=Kind.LIST, text=text, page=page)
        if isinstance(item, found.Table):
            yield from table_from_html(item.metadata.text_as_html, item.text, page=page)
        elif item is not None and not isinstance(item, found.Title):
            yield from prose(flowing(item.text), page=page)
