"""ODT and RTF to elements: through unstructured's own converter (pandoc, sandboxed) to HTML, then walked as HTML.

unstructured goes on from there to Word (ODT) and to its HTML reader; ours keeps list marks, headers of tables and
notes.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]

from ingest.parse.html import html_elements, tree
from ingest.parse.quiet import quieten
from ingest.parse.text import first_heading, single_line
from storage.failures import Code, ParseFailure
from storage.records import Parsed

quieten()

from unstructured.file_utils.file_conversion import convert_file_to_html_text_using_pandoc  # noqa: E402  (quiet first)

# Names of character styles: pandoc 3 takes those with letters beyond ASCII for text, once in every paragraph.
_STYLE_NAMES = re.compile(rb"\{\\\*\\cs\d+[^{}]*\}")


def parse_converted(path: Path, *, suffix: str) -> Parsed:
    """An ODT or RTF file."""
    if suffix == ".rtf":
        with tempfile.NamedTemporaryFile(suffix=".rtf") as cleaned:
            cleaned.write(_STYLE_NAMES.sub(b"", path.read_bytes()))
            cleaned.flush()
            source = _to_html(Path(cleaned.name), "rtf")
        title = None
    else:
        source = _to_html(path, "odt")
        title = _odt_title(path)
    elements = html_elements(tree(source)) if source.strip() else []
    return Parsed(elements=tuple(elements), title=title or first_heading(elements))


def _to_html(path: Path, name: str) -> str:
    try:
        return str(convert_file_to_html_text_using_pandoc(source_format=name, filename=str(path)))
    except RuntimeError as error:  # what pypandoc raises for anything pandoc refuses
        reason = single_line(str(error))[:300]
        raise ParseFailure(Code.CORRUPT, f"The {name.upper()} file cannot be read: {reason}") from error


def _odt_title(path: Path) -> str | None:
    with zipfile.ZipFile(path) as container:
        if "meta.xml" not in container.namelist():
            return None
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(container.read("meta.xml"), parser)
    return single_line(root.findtext(".//{http://purl.org/dc/elements/1.1/}title") or "") or None
