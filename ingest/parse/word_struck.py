"""What a Word document strikes through, taken out of its parts: by runs, and by the styles of text and paragraphs."""

from __future__ import annotations

from typing import Any

from docx.oxml.ns import qn

from ingest.parse.struck import left, says_anything

_LINES = ("w:strike", "w:dstrike")
_OFF = ("0", "false", "off", "none")
_DEEPEST = 20  # styles may be based on each other in a circle


class StruckThrough:
    """Of one document: `styles` is the tree of its styles."""

    def __init__(self, styles: Any) -> None:
        self._styles = {style.get(qn("w:styleId")): style for style in styles.iter(qn("w:style"))}
        self._known: dict[tuple[str | None, str], bool] = {}
        self.found = False  # whether words were taken out

    def take_out(self, part: Any) -> None:
        """Out of the body, or what else holds paragraphs."""
        struck = dict.fromkeys(run for run in part.iter(qn("w:r")) if self._is_struck(run))
        for paragraph in dict.fromkeys(next(run.iterancestors(qn("w:p")), None) for run in struck):
            if paragraph is None:
                continue
            texts = [text for text in paragraph.iter(qn("w:t")) if next(text.iterancestors(qn("w:p"))) is paragraph]
            pieces = [(text.text or "", text.getparent() in struck) for text in texts]
            if not says_anything("".join(text for text, gone in pieces if gone)):
                continue
            self.found = True
            for text, kept in zip(texts, left(pieces), strict=True):
                text.text = kept

    def _is_struck(self, run: Any) -> bool:
        """A run's own word counts; else its style's and its paragraph's, of which one undoes the other."""
        own = run.find(qn("w:rPr"))
        paragraph = next(run.iterancestors(qn("w:p")), None)
        above = paragraph.find(qn("w:pPr")) if paragraph is not None else None
        for line in _LINES:
            said = _says(own, line)
            if said is None:
                of_text = self._style_strikes(_named(own, "w:rStyle"), line)
                said = of_text != self._style_strikes(_named(above, "w:pStyle"), line)
            if said:
                return True
        return False

    def _style_strikes(self, name: str | None, line: str) -> bool:
        if (name, line) not in self._known:
            said, at = None, name
            for _ in range(_DEEPEST):
                style = self._styles.get(at)
                if style is None or said is not None:
                    break
                said = _says(style.find(qn("w:rPr")), line)
                at = _named(style, "w:basedOn")
            self._known[name, line] = bool(said)
        return self._known[name, line]


def _says(properties: Any, line: str) -> bool | None:
    """Whether a run's or a style's properties have this line; None where they say nothing of it."""
    mark = properties.find(qn(line)) if properties is not None else None
    return None if mark is None else mark.get(qn("w:val")) not in _OFF


def _named(properties: Any, tag: str) -> str | None:
    mark = properties.find(qn(tag)) if properties is not None else None
    return None if mark is None else mark.get(qn("w:val"))
