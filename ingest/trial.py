"""Whether files are read here as they should be: `python -m ingest.trial`, started by `premise doctor`.

Reads a text, and with LibreOffice a sheet, in the sandbox that the ingest service has, as the account that runs this.
Prints one JSON object: `cut_off_by` (what holds the parser off the network) and `failures`, a sentence for each kind of
file that was not read.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from ingest.sandbox import ParseLimits, Sandbox
from storage.failures import ParseFailure

_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
_CONTENT = (
    f'<o:document-content xmlns:o="{_NAMES}:office:1.0" xmlns:table="{_NAMES}:table:1.0" xmlns:text="{_NAMES}:text:1.0"'
    ' o:version="1.2"><o:body><o:spreadsheet><table:table table:name="a"><table:table-row>'
    '<table:table-cell o:value-type="string"><text:p>Well</text:p></table:table-cell>'
    "</table:table-row></table:table></o:spreadsheet></o:body></o:document-content>"
)
_MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{_NAMES}:manifest:1.0" manifest:version="1.2">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def main() -> None:
    """Read both, and say how it went."""
    failures = {}
    with tempfile.TemporaryDirectory(prefix="premise-trial-") as scratch, Sandbox(ParseLimits()) as sandbox:
        for file in _files(Path(scratch)):
            try:
                sandbox.parse(file, file.suffix)
            except ParseFailure as failure:
                failures[file.suffix] = failure.reason
        print(json.dumps({"cut_off_by": sandbox.cut_off_by, "failures": failures}))


def _files(folder: Path) -> list[Path]:
    (folder / "a.txt").write_text("Well.", encoding="ascii")
    if shutil.which("soffice") is None:
        return [folder / "a.txt"]
    with zipfile.ZipFile(folder / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", _CONTENT)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
    return [folder / "a.txt", folder / "a.ods"]


if __name__ == "__main__":
    main()
