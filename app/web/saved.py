"""A conversation as a file to keep or pass on: one HTML page that loads nothing, with its answers, sources and quotes.

Shows what the page shows to the same person at the same moment: an answer of what they may not read any more is
withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from app.ui import kept, wording
from app.web import safe
from storage.conversations import Chat, Message
from storage.records import places_of

STYLE = """
body { font: 16px/1.55 system-ui, "Segoe UI", "Noto Sans", sans-serif; color: #17313a; max-width: 46rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .2rem; }
h2 { font-size: 1.05rem; background: #f1f6f6; border-radius: 8px; padding: .6rem .9rem; margin: 2.2rem 0 1rem; }
:is(h1, h2, p, li, th, td, pre, blockquote) { unicode-bidi: plaintext; text-align: start; }
p, ul, ol, table, pre { margin: 0 0 .7rem; }
table { border-collapse: collapse; font-size: .95em; }
th, td { border: 1px solid #d5e1e3; padding: .3rem .7rem; vertical-align: top; overflow-wrap: break-word; }
th { background: #eaf1f2; }
pre, code { background: #f1f6f6; border-radius: 6px; padding: .1rem .35rem; font-size: .9em; }
pre { padding: .7rem .9rem; white-space: pre-wrap; }
sup { color: #0f5b66; font-weight: 650; padding: 0 .1em; }
.loose { border: 1px dashed #0f5b66; border-radius: 5px; }
.quiet { color: #56707a; font-size: .9rem; }
.refused { border-inline-start: 3px solid #c9a54a; padding-inline-start: .8rem; }
.notice { background: #fdf4e3; color: #6f4e0c; padding: .5rem .8rem; border-radius: 8px; font-size: .92rem; }
.unsupported { text-decoration: underline wavy #c26b2b 1px; text-underline-offset: 3px; }
.unconfirmed { text-decoration: underline dotted #56707a 1px; text-underline-offset: 4px; }
li.step { list-style: none; }
.sources { list-style: none; padding: 0; font-size: .9rem; }
.sources blockquote { margin: .2rem 0 .6rem; padding-inline-start: .8rem; border-inline-start: 3px solid #d5e1e3;
  color: #3d5a64; }
@media print {
  body { margin: 0; max-width: none; }
  h2 { break-after: avoid; }
  tr, .sources li { break-inside: avoid; }
}
"""


def page(
    chat: Chat, messages: Sequence[Message], *, person: str, withheld: Collection[str], earlier: Collection[str]
) -> str:
    """The whole file. `withheld`: ids of answers; `earlier`: revisions that are no longer current."""
    saved = f"Conversation of {person} with Premise, saved on {_moment(datetime.now(UTC))}."
    parts = [
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{safe.text_html(chat.title)}</title><style>{STYLE}</style></head><body>",
        f'<h1>{safe.text_html(chat.title)}</h1><p class="quiet">{safe.text_html(saved)}</p>',
    ]
    for at, message in enumerate(messages):
        if message.role == "user":
            parts.append(f"<h2>{safe.text_html(message.content)}</h2>")
            if at + 1 == len(messages) or messages[at + 1].role == "user":
                parts.append(f'<p class="quiet">{wording.UNANSWERED}</p>')
        elif message.id in withheld:
            parts.append(f'<p class="notice">{kept.WITHHELD}</p>')
        else:
            parts += _answer(message, earlier)
    return "\n".join([*parts, "</body></html>\n"])


def _answer(message: Message, earlier: Collection[str]) -> list[str]:
    found = message.answer or {"answer": message.content}
    places = places_of(found)
    sentences = wording.sentences(found)
    text = safe.answer_html(
        str(found.get("answer", "")),
        sentences=sentences,
        known=frozenset(item["n"] for item in places),
    )
    parts = [f'<p class="notice">{safe.text_html(str(found["notice"]))}</p>'] if found.get("notice") else []
    parts.append(f'<div class="refused">{text}</div>' if found.get("refused") else text)
    parts += [f'<p class="quiet">{told}</p>' for told in wording.marked(sentences)]
    parts.append(f'<p class="quiet">{safe.text_html(_made(message, found))}</p>')
    if any(item["revision"] in earlier for item in places):
        parts.append(f'<p class="notice">{wording.EARLIER}</p>')
    for head, sign, items in wording.sources(found):
        parts.append(f'<p class="quiet">{head}</p>')
        parts.append(f'<ul class="sources">{"".join(_source(item, sign) for item in items)}</ul>')
    return parts


def _made(message: Message, found: dict[str, Any]) -> str:
    said = [_moment(message.created)]
    if not found.get("refused") and "mode" in found:
        said.append(wording.mode(found))
    if not found.get("refused") and "confidence" in found:
        word, _ = wording.confidence(float(found["confidence"]))
        said.append(f"{word} confidence{wording.caution(float(found['confidence']))}")
    return " · ".join([*said, *filter(None, [str(found.get("reason") or "")])])


def _source(citation: dict[str, Any], sign: str) -> str:
    where = wording.place(citation)
    path = str(citation.get("path", ""))
    told = f"{wording.title(citation)}{f' — {where}' if where else ''}"
    quote = safe.text_html(str(citation.get("quote") or ""))
    named = f'{safe.text_html(told)}<br><span class="quiet">{safe.text_html(path)}</span>'
    quoted = f"<blockquote>{quote}</blockquote>" if quote else ""
    return f"<li><sup>{citation['n']}{sign}</sup> {named}{quoted}</li>"


def _moment(at: datetime) -> str:
    there = at.astimezone(UTC)
    return f"{there.day} {there:%b %Y, %H:%M} UTC"


def file_name(chat: Chat) -> str:
    """What the file is called: the conversation's name, as every system takes it."""
    bare = "".join(sign if sign.isalnum() or sign in " -_" else " " for sign in safe.plain(chat.title))
    return f"{' '.join(bare.split()) or 'Conversation'}.html"
