"""How much one file may cost. Light: imported by the parent and by the sandboxed child."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024
MEMBERS = "members"  # the folder, in the child's home, where what a container holds is put


@dataclass(frozen=True, kw_only=True)
class ParseLimits:
    """Limits for one file. What exceeds one of them fails with a reason that names it."""

    seconds: float = 120.0  # wall clock for one file
    memory_mb: int = 2048  # address space of the child process (parse_memory_mb)
    ocr_seconds: float = 600.0  # more, for the scanned pages of one file
    ocr_languages: tuple[str, ...] = ("eng", "deu", "chi_sim")  # as tesseract names them
    hi_res_models: str = ""  # folder of the models that read PDFs with scanned pages in place of tesseract
    max_bytes: int = 200 * MEGABYTE  # size of the file itself
    max_unpacked_bytes: int = 2048 * MEGABYTE  # size of a zip container's parts together (DOCX, XLSX, PPTX, ODT)
    max_members: int = 5000  # files taken out of one archive, messages of one mailbox, attachments of one mail
    max_ratio: int = 200  # how many times larger than packed a member of more than 10 MB may be
    max_depth: int = 3  # containers within containers
    max_cells: int = 2_000_000  # cells read from one workbook or one CSV file
    max_output_chars: int = 50_000_000  # characters of text that one file may yield
    files_per_child: int = 200  # a child process is replaced after so many files
