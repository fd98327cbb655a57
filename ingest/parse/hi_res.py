"""PDFs with scanned pages through unstructured's layout models, for hosts with a GPU: the optional extra `hi-res`.

In place of tesseract alone, where `hi_res_models` names a folder with the models. Nothing is downloaded: where a
model is missing, tesseract reads the pages and a warning says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.parse.limits import ParseLimits
from ingest.parse.quiet import quieten
from ingest.parse.text import heading, prose, single_line
from storage.records import Element, Kind, Line

quieten()

from unstructured.documents import elements as found  # noqa: E402  (quiet first)

from ingest.parse.word import table_from_html  # noqa: E402

_LEFT_OUT = (found.Header, found.Footer, found.PageNumber, found.PageBreak, found.Image)


class NoModels(Exception):
    """The layout models, or their libraries, are not here."""


def read_hi_res(path: Path, *, limits: ParseLimits, begins: Callable[[], None]) -> list[Element]:
    """All elements of a PDF. Raises: NoModels."""
    begins()
    os.environ["HF_HOME"] = limits.hi_res_models
    try:
        from unstructured.partition.pdf import partition_pdf

        items = partition_pdf(
            filename=str(path), strategy="hi_res", infer_table_structure=True, languages=list(limits.ocr_languages)
        )
    except (ImportError, OSError) as error:
        why = single_line(str(error))[:200]
        raise NoModels(f"The models in {limits.hi_res_models} (hi_res_models) cannot be loaded: {why}") from error
    return list(elements_of(items))


def elements_of(items: Sequence[Any]) -> Iterator[Element]:
    """unstructured's elements as ours, each with its box on its page."""
    for item in items:
        if isinstance(item, _LEFT_OUT):
            continue
        page = item.metadata.page_number or 1
        if isinstance(item, found.Table):
            made = table_from_html(item.metadata.text_as_html, item.text, page=page)
        elif isinstance(item, found.Title):
            made = heading(item.text, 1 + (item.metadata.category_depth or 0), page=page)
        else:
            kind = Kind.LIST if isinstance(item, found.ListItem) else Kind.TEXT
            made = prose(single_line(item.text), kind=kind, page=page)
        yield from (_placed(element, item, page) for element in made)


def _placed(element: Element, item: Any, page: int) -> Element:
    place = item.metadata.coordinates
    if place is None or not place.points or not place.system:
        return element
    xs, ys = zip(*place.points, strict=True)
    wide, high = place.system.width, place.system.height
    box = (min(xs) / wide, min(ys) / high, max(xs) / wide, max(ys) / high)
    left, top, right, bottom = (min(max(float(value), 0.0), 1.0) for value in box)
    return replace(element, lines=(Line(start=0, end=len(element.text), page=page, box=(left, top, right, bottom)),))
