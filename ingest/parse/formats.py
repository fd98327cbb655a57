"""Which suffix belongs to which family of parsers. Light on purpose: imports no parser."""

from __future__ import annotations

PLAIN = frozenset({".txt", ".text", ".log", ".rst", ".tex"})
SOURCE = frozenset(
    [
        ".py",
        ".pyi",
        ".js",
        ".mjs",
        ".cjs",
        ".jsx",
        ".ts",
        ".tsx",
        ".java",
        ".kt",
        ".scala",
        ".groovy",
        ".c",
        ".h",
        ".cc",
        ".cpp",
        ".cxx",
        ".hpp",
        ".cs",
        ".go",
        ".rs",
        ".swift",
        ".rb",
        ".php",
        ".pl",
        ".lua",
        ".r",
        ".m",
        ".sh",
        ".bash",
        ".zsh",
        ".ps1",
        ".bat",
        ".cmd",
        ".sql",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".cfg",
        ".conf",
        ".properties",
        ".tf",
        ".css",
        ".scss",
        ".vue",
        ".proto",
        ".graphql",
        ".gradle",
        ".cmake",
        ".dockerfile",
        ".json",
        ".xml",
        ".xsd",
        ".xsl",
        ".vb",
        ".vbs",
        ".bas",
        ".f90",
        ".jl",
        ".hs",
        ".ex",
        ".exs",
        ".erl",
        ".clj",
        ".dart",
    ]
)
MARKDOWN = frozenset({".md", ".markdown", ".mdx", ".mkd"})
HTML = frozenset({".html", ".htm", ".xhtml"})
SAVED_PAGE = frozenset({".mht", ".mhtml"})
DELIMITED = frozenset({".csv", ".tsv"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
CALENDAR = frozenset({".ics"})
PDF = frozenset({".pdf"})
WORD = frozenset({".docx", ".docm", ".dotx", ".dotm"})
SLIDES = frozenset({".pptx", ".pptm", ".ppsx", ".potx"})
SHEET = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm"})
CONVERTED = frozenset({".odt", ".rtf", ".epub"})
MAIL = frozenset({".eml", ".msg"})
CONTAINER = frozenset({".zip", ".mbox", ".tnef"})  # mails too, where they have attachments; .tnef: winmail.dat
LEGACY = frozenset({".doc", ".dot", ".ppt", ".pps", ".xls"})
OPEN = frozenset({".ods", ".odp"})  # read as the old ones are

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".gif", ".bmp", ".webp"})

SUPPORTED: frozenset[str] = (
    PLAIN
    | SOURCE
    | MARKDOWN
    | HTML
    | SAVED_PAGE
    | DELIMITED
    | JSON_LINES
    | CALENDAR
    | PDF
    | WORD
    | SLIDES
    | SHEET
    | CONVERTED
    | MAIL
    | LEGACY
    | OPEN
    | PICTURES
    | CONTAINER
)
"""Suffixes (lower case, with the dot) that can end as indexed."""

NOT_YET: dict[str, str] = {
    ".xlsb": "Save the workbook as .xlsx.",
    ".heic": "Save the picture as PNG or JPEG.",
    ".pages": "Export the document as PDF or DOCX.",
    ".numbers": "Export the sheet as .xlsx.",
    ".key": "Export the slides as PDF or PPTX.",
}
"""Suffixes people will try, with what to do instead."""
