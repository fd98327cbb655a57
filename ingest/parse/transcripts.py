"""Transcripts of meetings and subtitles of films (WebVTT, SubRip): who says what, in the order of speaking.

Cues last seconds, which nobody asks for one by one: those of one speaker that follow each other are one paragraph,
which begins with the time of the first.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from ingest.parse.text import prose, single_line
from storage.records import Element, Parsed

_TIME = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)[.,]\d{3}\s+-->\s+\S+")
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?\s+([^>]+)>")
_SPEAKER = re.compile(r"([A-Z\u00c0-\u024f][\w.'\u2019-]*(?: [\w.'\u2019()-]+){0,3}): (?=\S)")  # as Zoom writes it
_TAG = re.compile(r"</?[a-z0-9][^<>]*>", re.IGNORECASE)  # <i>, <c.yellow>, <00:01:02.000>
_PARAGRAPH = 600  # characters, after which another begins


def parse_transcript(source: str) -> Parsed:
    """A whole transcript."""
    elements: list[Element] = []
    said: list[str] = []
    began, speaking = "", ""

    def end() -> None:
        if said:
            who = f"{speaking} " if speaking else ""
            elements.extend(prose(f"{who}({began}): {' '.join(said)}"))
            said.clear()

    for time, speaker, text in _cues(source):
        if said and text == said[-1]:  # captions that roll up say each line again
            continue
        if not said or speaker != speaking or sum(map(len, said)) > _PARAGRAPH:
            end()
            began, speaking = time, speaker
        said.append(text)
    end()
    return Parsed(elements=tuple(elements))


def _cues(source: str) -> Iterator[tuple[str, str, str]]:
    """(time, speaker or "", text) of every cue; a cue without a speaker goes on with the one before."""
    speaker = ""
    for block in re.split(r"\n[ \t]*\n", re.sub(r"\r\n?", "\n", source)):
        lines = block.strip().split("\n")
        timed = ((at, found) for at, line in enumerate(lines[:2]) if (found := _TIME.match(line.strip())))
        at, found = next(timed, (0, None))
        if found is None:  # the head, notes, styles
            continue
        time = f"{int(found[1] or 0):02}:{found[2]}:{found[3]}"
        for line in lines[at + 1 :]:
            voice = _VOICE.search(line)
            text = single_line(html.unescape(_TAG.sub("", line)))
            if voice is not None:
                speaker = single_line(html.unescape(voice[1]))
            elif named := _SPEAKER.match(text):
                speaker, text = named[1], text[named.end() :]
            if text:
                yield time, speaker, text
