"""Web pages saved as one file (MHTML, RFC 2557), as browsers and Outlook do: the page, without its pictures."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage

from ingest.parse.html import parse_html
from ingest.parse.mail import text_of
from ingest.parse.properties import iso_moment
from storage.failures import Code, ParseFailure
from storage.records import Parsed


def parse_saved_page(data: bytes) -> Parsed:
    """The page. Raises ParseFailure where the file holds none."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
    if not isinstance(page, EmailMessage):
        raise ParseFailure(Code.CORRUPT, "The file is no saved web page: there is no HTML in it.")
    parsed = parse_html(text_of(page))
    return replace(parsed, modified=parsed.modified or iso_moment(str(message.get("Date", ""))))
