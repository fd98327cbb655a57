"""Which suffix belongs to which family of parsers. Light on purpose: imports no parser."""

from __future__ import annotations

PLAIN = frozenset({".txt", ".text", ".log", ".rst", ".tex", ".adoc", ".asciidoc", ".org", ".textile", ".wiki"})
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
TRANSCRIPT = frozenset({".vtt", ".srt"})  # of meetings and films
NOTEBOOK = frozenset({".ipynb"})
PDF = frozenset({".pdf"})
WORD = frozenset({".docx", ".docm", ".dotx", ".dotm"})
SLIDES = frozenset({".pptx", ".pptm", ".ppsx", ".potx"})
SHEET = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm"})
CONVERTED = frozenset({".odt", ".rtf", ".epub"})
MAIL = frozenset({".eml", ".msg"})
TAR = frozenset({".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"})  # the last three: a single file, too
CONTAINER = frozenset({".zip", ".mbox", ".tnef"}) | TAR  # mails too, where they have attachments; .tnef: winmail.dat
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
    | TRANSCRIPT
    | NOTEBOOK
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
    ".7z": "Pack the files as .zip.",
    ".rar": "Pack the files as .zip.",
    ".pst": "Export the mails as .eml, .msg or .mbox.",
    ".ost": "Export the mails as .eml, .msg or .mbox.",
    ".one": "Export the section as PDF or DOCX.",
    ".vsd": "Export the drawing as PDF.",
    ".vsdx": "Export the drawing as PDF.",
    ".pub": "Export the publication as PDF.",
    ".mpp": "Export the plan as PDF or .xlsx.",
    ".mdb": "Export the tables as .xlsx or CSV.",
    ".accdb": "Export the tables as .xlsx or CSV.",
    ".wpd": "Save the document as DOCX or PDF.",
    ".xps": "Print the document as PDF.",
    ".djvu": "Convert the document to PDF.",
}
"""Suffixes people will try, with what to do instead."""
