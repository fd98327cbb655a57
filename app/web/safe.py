"""Untrusted text, made safe to show: text of documents and of the model never becomes markup of its own.

Two forms, because Streamlit has two ways to show text. `answer_html` renders the little Markdown that answers are
allowed (paragraphs, lists, bold, code, simple tables, citation marks) and escapes everything else; what it returns
contains only the tags written in this file. `label` is for places that take nothing but Markdown, such as buttons.
Knows neither Streamlit nor documents.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from app.table_lines import cells_of

# what a sentence is marked as; one that is confirmed is not marked
UNSUPPORTED, UNCONFIRMED = "unsupported", "unconfirmed"
TITLES = {
    UNSUPPORTED: "This sentence was not found in the documents.",
    UNCONFIRMED: "Not confirmed: compare with the place that comes nearest.",
}
# private-use characters that stand for our own tags while the text around them is escaped
OPENS, MARK_CLOSE = {UNSUPPORTED: "\ue000", UNCONFIRMED: "\ue002"}, "\ue001"
MARKS = "".join(OPENS.values()) + MARK_CLOSE
CITATION = re.compile(r"\[(\d{1,3})(\??)\]")  # with a question mark: of a place that only comes near
# text cannot pass for one of our tags: it is escaped by then
_MARK = re.compile(r'(<sup class="cite(?: loose" title="[^"]*)?">)(\d+)(\??)</sup>')
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
_CODE = re.compile(r"`([^`\n]+)`")
_BULLET = re.compile(r"^\s{0,6}(?:[-*•]|\+)\s+(.*)$")
_NUMBER = re.compile(r"^\s{0,6}(\d{1,4})[.)]\s+(.*)$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"^\s{0,3}(?:```|~~~)")
_RULE_CELL = re.compile(r":?-{2,}:?")
# cannot be seen and can hide or turn round what a person reads; joiners that scripts need (U+200C, U+200D) stay
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_PRIVATE = re.compile("[\ue000-\uf8ff]")
# everything that means something in Markdown, in its mathematics, or in Streamlit's directives
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=@\"'/])")
_JOINER = "\u2060"  # word joiner: no width; keeps ":name:" and "www." from being recognised once escapes are undone


def plain(text: str) -> str:
    """The text without control characters, direction overrides and private-use characters, in valid Unicode."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _PRIVATE.sub("\ufffd", _CONTROL.sub("", text))


def text_html(text: str) -> str:
    """Plain text as HTML: every character shows as itself, line ends stay."""
    return html.escape(plain(text)).replace("\n", "<br>")


def label(text: str, longest: int = 120) -> str:
    """One line of plain text for a place that takes Markdown (a button, a toast): shows as itself, links nowhere."""
    line = " ".join(plain(text).split())
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "…"
    line = re.sub(r"(?i)\b(www)(?=\.)|\b(https?|ftp|mailto|xmpp)(?=:)", lambda found: found[0] + _JOINER, line)
    line = re.sub(r":(?=\S)", ":" + _JOINER, line).replace("@", "@" + _JOINER)
    return _MARKDOWN.sub(r"\\\1", line)


def answer_html(
    text: str,
    *,
    sentences: Iterable[tuple[str, str]] = (),
    known: frozenset[int] | None = None,
    link: str | None = None,
) -> str:
    """An answer as HTML.

    `sentences`: those of the text in their order, each with what it is marked as, or "". `known`: the citation numbers
    that exist; other marks stay plain text. None: all marks count. `link`: an address of ours to which a citation's
    number is appended; the only links there are.
    """
    text = _marked(plain(text), [(plain(sentence).strip(), mark) for sentence, mark in sentences])
    made = "".join(_blocks(text.split("\n"), known))
    return made if link is None else _linked(made, link)


def _loose(n: str) -> str:
    return f'<sup class="cite loose" title="{TITLES[UNCONFIRMED]}">{n}?</sup>'


def _linked(made: str, link: str) -> str:
    """Citation marks as links."""
    address = html.escape(link)
    return _MARK.sub(
        lambda mark: (
            f'{mark[1]}<a href="{address}{mark[2]}" target="_self" '
            f'aria-label="Source {mark[2]}{", not confirmed" if mark[3] else ""}">{mark[2]}{mark[3]}</a></sup>'
        ),
        made,
    )


def _marked(text: str, sentences: Sequence[tuple[str, str]]) -> str:
    """The text with the sentences that have a mark in it: each where it stands behind the one before it."""
    spans: list[tuple[int, int, str]] = []
    at = 0
    for sentence, mark in sentences:
        found = _find(text, sentence, at) or (_find(text, sentence, 0) if mark else None)
        if found is None:
            continue
        at = max(at, found.end())
        if mark and not any(start < found.end() and found.start() < end for start, end, _ in spans):
            spans.append((*found.span(), mark))
    for start, end, mark in sorted(spans, reverse=True):
        text = f"{text[:start]}{OPENS[mark]}{text[start:end]}{MARK_CLOSE}{text[end:]}"
    return text


def _opening(text: str) -> str:
    """The first character that opens a mark, or ""."""
    return next((sign for sign in text if sign in MARKS and sign != MARK_CLOSE), "")


def _unmarked(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, MARKS)))


def _find(text: str, sentence: str, start: int) -> re.Match[str] | None:
    """Where a sentence stands, also where the text has parts of it in bold."""
    words = [re.escape(word) for word in sentence.replace("*", " ").split()]
    if not words or "\n" in sentence:
        return None
    return re.compile(r"(?:\*\*)?" + r"[ *]+".join(words) + r"(?:\*\*)?").search(text, start)


def _blocks(lines: list[str], known: frozenset[int] | None) -> Iterable[str]:
    """Paragraphs, lists, tables and code, in order."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip(" " + MARKS):
            at += 1
            continue
        end = _end_of_block(lines, at)
        block = lines[at:end]
        if _FENCE.match(line):
            body = block[1:-1] if len(block) > 1 and _FENCE.match(block[-1]) else block[1:]
            code = chr(10).join(body)
            looks = next((f' class="{mark}"' for mark, sign in OPENS.items() if sign in code), "")
            yield f"<pre{looks}>{_escaped(code)}</pre>"
        elif _is_table(lines, at):
            yield _table(block, known)
        elif _kind(line) == "heading":
            found = _HEADING.match(line)
            yield f"<p><strong>{_inline(found[1] if found else line, known)}</strong></p>"
        elif _kind(line) in ("ul", "ol"):
            yield _list(block, known)
        else:
            yield f"<p>{_inline(chr(10).join(block), known)}</p>"
        at = end


def _end_of_block(lines: list[str], start: int) -> int:
    end = start + 1
    if _FENCE.match(lines[start]):
        while end < len(lines):
            end += 1
            if _FENCE.match(lines[end - 1]):
                break
        return end
    if _is_table(lines, start):
        while end < len(lines) and "|" in lines[end]:
            end += 1
        return end
    kind = _kind(lines[start])
    while end < len(lines) and _kind(lines[end]) == kind and kind != "heading" and lines[end].strip():
        if _FENCE.match(lines[end]) or _is_table(lines, end):
            break
        end += 1
    return end


def _kind(line: str) -> str:
    line = line.lstrip(MARKS)
    if _BULLET.match(line):
        return "ul"
    if _NUMBER.match(line):
        return "ol"
    return "heading" if _HEADING.match(line) else "p"


def _list(block: list[str], known: frozenset[int] | None) -> str:
    tag = _kind(block[0])
    items = []
    first = "1"
    for position, line in enumerate(block):
        marks = line[: len(line) - len(line.lstrip(MARKS))]
        bare = line.lstrip(MARKS)
        found = _BULLET.match(bare) if tag == "ul" else _NUMBER.match(bare)
        body = found[found.re.groups] if found else bare
        if position == 0 and found and tag == "ol":
            first = found[1]
        step = ' class="step"' if tag == "ul" and _NUMBER.match(body) else ""  # a number in place of the bullet
        items.append(f"<li{step}>{_inline(marks + body, known)}</li>")
    start = f' start="{int(first)}"' if tag == "ol" and first != "1" else ""
    return f'<{tag} dir="auto"{start}>{"".join(items)}</{tag}>'  # marks stand where its first letters begin


def _is_table(lines: list[str], at: int) -> bool:
    if "|" not in lines[at] or at + 1 >= len(lines):
        return False
    rule = cells_of(lines[at + 1])
    return bool(rule) and "|" in lines[at + 1] and all(_RULE_CELL.fullmatch(cell) for cell in rule)


def _table(block: list[str], known: frozenset[int] | None) -> str:
    def row(line: str, tag: str) -> str:
        opened = _opening(line)
        closed = MARK_CLOSE if opened else ""
        cells = cells_of(_unmarked(line))
        return (
            "<tr>" + "".join(f"<{tag}>{_inline(f'{opened}{cell}{closed}', known)}</{tag}>" for cell in cells) + "</tr>"
        )

    body = "".join(row(line, "td") for line in block[2:])
    return f"<table><thead>{row(block[0], 'th')}</thead><tbody>{body}</tbody></table>"


def _inline(text: str, known: frozenset[int] | None) -> str:
    """Escape everything, then make bold, code, citation marks and the marks of sentences."""
    made = html.escape(text)
    made = _CODE.sub(r"<code>\1</code>", made)
    made = _BOLD.sub(r"<strong>\1</strong>", made)

    def citation(found: re.Match[str]) -> str:
        if known is not None and int(found[1]) not in known:
            return found[0]
        return _loose(found[1]) if found[2] else f'<sup class="cite">{found[1]}</sup>'

    made = CITATION.sub(citation, made).replace("\n", "<br>")
    if sum(made.count(sign) for sign in OPENS.values()) == made.count(MARK_CLOSE):
        for mark, sign in OPENS.items():
            made = made.replace(sign, f'<span class="{mark}" title="{TITLES[mark]}">')
        made = made.replace(MARK_CLOSE, "</span>")
    return _unmarked(made)


def _escaped(text: str) -> str:
    return _unmarked(html.escape(text))
