"""Make the sample documents that are not plain text: PDF, DOCX, XLSX, PPTX and ODT.

    python deploy/samples/build.py [--out FOLDER]

The output is deterministic: fixed dates and metadata, so running it again rewrites the same files. The plain text
samples (Markdown, HTML, mail, CSV, JSON, YAML, RTF, TXT) lie in the inbox folder as they are and are edited by hand.
The company, its people and its products are invented.
"""

import argparse
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import build_docx
import build_odt
import build_pdf
import build_pptx
import build_xlsx

HERE = Path(__file__).resolve().parent

Writer = Callable[[Path], None]

DOCUMENTS: dict[str, Writer] = {
    "everyone/policies/remote-work-policy.docx": build_docx.remote_work,
    "everyone/policies/betriebsvereinbarung-gleitzeit.odt": build_odt.flexitime_agreement,
    "everyone/benefits-guide-2026.pdf": build_pdf.benefits_guide,
    "everyone/strategy-2026-2027.pptx": build_pptx.strategy,
    "everyone/products/HF-210-manual.docx": build_docx.manual,
    "hr/parental-leave-process.docx": build_docx.parental_leave,
    "hr/salary-bands-2026.xlsx": build_xlsx.salary_bands,
    "finance/audit-memo-IA-2026-02.docx": build_docx.audit_memo,
    "sales/price-list-2026.xlsx": build_xlsx.price_list,
}

ZIPPED = {".docx", ".xlsx", ".pptx"}
FIXED_TIME = (2026, 1, 2, 0, 0, 0)


def settle(path: Path) -> None:
    """Write an Office file anew with the same time on every member, and without the time of saving."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name == "docProps/thumbnail.jpeg":  # a picture of python-docx's own empty template
                continue
            content = old.read(name)
            if name == "_rels/.rels":
                content = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", content)
            if name == "docProps/core.xml":
                created = re.search(rb"<dcterms:created[^>]*>([^<]*)<", content)
                if created:
                    content = re.sub(
                        rb"(<dcterms:modified[^>]*>)[^<]*<", lambda m, c=created: m[1] + c[1] + b"<", content
                    )
            new.writestr(zipfile.ZipInfo(name, FIXED_TIME), content, zipfile.ZIP_DEFLATED, 9)
    path.write_bytes(buffer.getvalue())


def build(out: Path) -> None:
    for name, write in DOCUMENTS.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
        if path.suffix in ZIPPED:
            settle(path)
        print(f"{path.stat().st_size:>8}  {name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "inbox", help="the folder to write to")
    build(parser.parse_args().out)
