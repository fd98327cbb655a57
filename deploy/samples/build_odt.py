"""The German works agreement on flexitime as OpenDocument text, written with zipfile alone."""

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import blocks

INFO, BLOCKS = blocks.read("flexitime.de.md")

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3"'
)
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

MANIFEST = (
    DECLARATION + '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    'manifest:version="1.3">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>'
    + "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>'
        for name in ("content.xml", "styles.xml", "meta.xml")
    )
    + "</manifest:manifest>"
)

STYLES = (
    DECLARATION + f"<office:document-styles {NAMES}><office:styles>"
    '<style:default-style style:family="paragraph"><style:text-properties fo:font-size="11pt" fo:language="de" '
    'fo:country="DE"/></style:default-style>'
    '<style:style style:name="Standard" style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0.2cm"/>'
    "</style:style>"
    '<style:style style:name="Title" style:family="paragraph" style:parent-style-name="Standard">'
    '<style:text-properties fo:font-size="20pt" fo:font-weight="bold" fo:color="#142f4c"/></style:style>'
    '<style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph" '
    'style:parent-style-name="Standard" style:default-outline-level="1">'
    '<style:paragraph-properties fo:margin-top="0.4cm" fo:keep-with-next="always"/>'
    '<style:text-properties fo:font-size="14pt" fo:font-weight="bold" fo:color="#142f4c"/></style:style>'
    "</office:styles></office:document-styles>"
)

META = (
    DECLARATION + f"<office:document-meta {NAMES}><office:meta><dc:title>{INFO['title']}</dc:title>"
    f"<meta:initial-creator>{INFO['author']}</meta:initial-creator><dc:creator>{INFO['author']}</dc:creator>"
    f"<meta:creation-date>{INFO['date']}</meta:creation-date><dc:date>{INFO['date']}</dc:date><dc:language>de-DE</dc:language>"
    "</office:meta></office:document-meta>"
)

AUTOMATIC = (
    '<office:automatic-styles><style:style style:name="Cell" style:family="table-cell">'
    '<style:table-cell-properties fo:padding="0.1cm" fo:border="0.5pt solid #888888"/></style:style>'
    '<style:style style:name="Bold" style:family="paragraph" style:parent-style-name="Standard">'
    '<style:text-properties fo:font-weight="bold"/></style:style></office:automatic-styles>'
)


def _paragraph(text: str, style: str = "Standard") -> str:
    return f'<text:p text:style-name="{style}">{escape(text)}</text:p>'


def _block(kind: str, content, number: int) -> str:
    if kind == "h1":
        return f'<text:h text:style-name="Heading_20_1" text:outline-level="1">{escape(content)}</text:h>'
    if kind == "p":
        return _paragraph(content)
    if kind == "steps":
        items = "".join(f"<text:list-item>{_paragraph(item)}</text:list-item>" for item in content)
        return f"<text:list>{items}</text:list>"
    source, rows = content["rows"], ""
    for i, row in enumerate(source):
        cells = "".join(
            f'<table:table-cell table:style-name="Cell" office:value-type="string">'
            f"{_paragraph(value, 'Standard' if i else 'Bold')}</table:table-cell>"
            for value in row
        )
        rows += f"<table:table-row>{cells}</table:table-row>"
    columns = f'<table:table-column table:number-columns-repeated="{len(source[0])}"/>'
    return f'<table:table table:name="Tabelle{number}">{columns}{rows}</table:table>'


def flexitime_agreement(path: Path) -> None:
    body = _paragraph(INFO["title"], "Title") + "".join(_block(kind, what, n) for n, (kind, what) in enumerate(BLOCKS))
    content = (
        DECLARATION + f"<office:document-content {NAMES}>{AUTOMATIC}<office:body><office:text>{body}"
        "</office:text></office:body></office:document-content>"
    )
    parts = [
        ("mimetype", "application/vnd.oasis.opendocument.text"),  # first and not compressed
        ("content.xml", content),
        ("styles.xml", STYLES),
        ("meta.xml", META),
        ("META-INF/manifest.xml", MANIFEST),
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts:
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (2025, 5, 12, 10, 0, 0)), text, how)
