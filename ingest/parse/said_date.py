"""The day that a document says it is from, in its own text: "Effective date: 1 March 2024", "Stand: 01.03.2024".

What people read counts more than what the program that wrote the file noted: a file made from a template has the day of
the template, a copied one that of the copy. Looked for in lines and cells of the first page and in the last lines, with
a label before them; without one only where a line is nothing but a day, as in a letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from ingest.parse import formats
from storage.records import Element, Kind, Parsed

FIRST = 20  # elements that are looked at, at the beginning
LAST = 3  # and at the end, for a label that tells of a change
LETTER = 6  # elements within which a line may be a day without a label
LONGEST = 120  # characters of a line that is looked at
ROWS = 12  # of a table, at most: of a longer one the rows are the contents

_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "january jan januar jänner janvier enero gennaio janeiro januari",
            "february feb februar février fevrier febrero febbraio fevereiro februari",
            "march mar märz maerz mars marzo março maart",
            "april apr avril abril aprile",
            "may mai mayo maggio maio mei",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet julio luglio julho",
            "august aug août aout agosto augustus",
            "september sep sept septembre septiembre settembre setembro",
            "october oct oktober okt octobre octubre ottobre outubro",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre decembre diciembre dicembre dezembro",
        ),
        1,
    )
    for word in words.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = (
    r"(?:(?P<y1>(?:19|20)\d\d)[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})(?:[T ][\d:.]+Z?)?"
    r"|(?P<d2>\d{1,2})(?P<mark>[./-])(?P<m2>\d{1,2})(?P=mark)(?P<y2>(?:19|20)\d\d)"
    rf"|(?:(?P<d3>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)? (?:de |of )?)?(?P<m3>{_MONTH})\.?,? (?:de )?(?P<y3>(?:19|20)\d\d)"
    rf"|(?P<m4>{_MONTH})\.? (?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y4>(?:19|20)\d\d)"
    r"|(?P<m5>\d{1,2})[./](?P<y5>(?:19|20)\d\d)"
    r"|(?P<y6>(?:19|20)\d\d) ?年 ?(?P<m6>\d{1,2}) ?月(?: ?(?P<d6>\d{1,2}) ?日)?)"
)
_CHANGED = (
    r"(?:date of )?(?:last |latest )?(?:updated?|revised|revision|modified|modification|changed?|amended|amendment|"
    r"reviewed)(?: date)?(?: on)?|zuletzt (?:aktualisiert|geändert|überarbeitet)(?: am)?|letzte (?:aktualisierung|"
    r"änderung|überarbeitung)|(?:aktualisiert|geändert|überarbeitet)(?: am)?|(?:dernière )?(?:mise à jour|modification|"
    r"révision)(?: le)?|(?:modifié|révisé)e? le|(?:última )?(?:actualización|revisión|modificación)|"
    r"actualizado(?: el)?|ultimo aggiornamento|aggiornato(?: il)?|última atualização|atualizado em|laatst "
    r"(?:bijgewerkt|gewijzigd)(?: op)?|"
    r"(?:最后)?(?:更新|修订|修改)(?:日期|时间)?"
)
_HOLDS = (
    r"(?:effective|valid|applicable|applies|in force)(?: date)?(?: (?:from|since|as of|as from))?|as (?:of|at)|"
    r"(?:issue|publication|approval|release|version|document|policy)(?: date)?|date of (?:issue|publication|approval)|"
    r"(?:issued|published|approved|adopted|released)(?: on)?|gültig ab|in kraft (?:ab|seit)|stand|(?:fassung|version)"
    r"(?: vom)?|ausgabe(?:datum)?|(?:veröffentlicht|freigegeben|erstellt)(?: am)?|datum|en vigueur (?:depuis|à compter)"
    r"(?: le| du)?|publié(?:e)? le|fecha(?: de (?:publicación|emisión|vigencia))?|vigente desde|"
    r"(?:in vigore|valido) dal|geldig vanaf|(?:生效|发布|实施|版本|制定|签发)?日期|date|dated|data|"
    r"(?:written|created)(?: on)?"
)
_NUMBERED = r"(?:version|ver\.?|v|rev\.?|revision|release|fassung|ausgabe|édition|edition) ?\d{1,3}(?:\.\d{1,3})*"
_BETWEEN = r" ?[:：,(–—-]? ?"
_AS_CHANGED = re.compile(rf"(?:{_CHANGED}){_BETWEEN}{_DAY}[).]?", re.IGNORECASE)
_AS_HOLDING = re.compile(rf"(?:{_HOLDS}|{_NUMBERED}){_BETWEEN}(?:vom |of |as of |dated )?{_DAY}[).]?", re.IGNORECASE)
_ALONE = re.compile(rf"(?:[^\W\d_][\w .-]{{1,30}}, (?:den |the |le |am )?)?{_DAY}\.?", re.IGNORECASE)
_VERSION = re.compile(r"(?:version|ver|rev|revision|fassung|ausgabe|édition|versión|versione|版本)\b", re.IGNORECASE)
_CELLS = re.compile(r" *[|·•;\t] *| {3,}")
# their days are of what they hold, or stand where every such file has them
_UNDATED = (
    formats.SOURCE
    | formats.SHEET
    | formats.DELIMITED
    | formats.JSON_LINES
    | formats.CALENDAR
    | formats.TRANSCRIPT
    | formats.NOTEBOOK
    | formats.MAIL
    | formats.CONTAINER
)
_OLDEST, _YOUNGEST = 1950, 2100


def with_said_date(parsed: Parsed, suffix: str) -> Parsed:
    """What was parsed of a file of this suffix, from the day that its text says, if that says one."""
    said = said_date(parsed.elements) if suffix not in _UNDATED else None
    return replace(parsed, created=said, modified=said) if said else parsed


def said_date(elements: Sequence[Element]) -> datetime | None:
    """The day it says it was last changed on; else from when it holds or is dated, at midnight UTC; None without one.

    Of several of a kind the latest, as of the versions in a table. A month without a day is its first. "03/04/2024" is
    left alone: which is the month, only its writer knows.
    """
    first, last = list(_lines(elements[:FIRST])), list(_lines(elements[max(FIRST, len(elements) - LAST) :]))
    letter = _lines(elements[:LETTER])
    tried = ((_AS_CHANGED, first), (_AS_HOLDING, first), (_AS_CHANGED, last), (_AS_HOLDING, last), (_ALONE, letter))
    for pattern, lines in tried:
        days = [day for line in lines if (found := pattern.fullmatch(line)) and (day := _day(found))]
        if days:
            return max(days)
    return None


def _lines(elements: Sequence[Element]) -> Iterator[str]:
    """Short lines, and the cells of short tables, each behind the one before it; of a table of versions behind its
    column's name too: elsewhere a column of days is of what the table is about."""
    for element in elements:
        if element.kind is Kind.TABLE:
            for row in element.rows if len(element.rows) <= ROWS else ():
                cells = [" ".join(cell.split()) for cell in row.cells]
                if any(map(_VERSION.match, element.header)):
                    yield from (f"{name}: {cell}" for name, cell in zip(element.header, cells, strict=False))
                yield from (f"{name}: {cell}" for name, cell in pairwise(cells))
            continue
        if element.kind is Kind.CODE:
            continue
        for line in element.text.splitlines():
            if len(line) <= LONGEST:
                yield from (" ".join(part.strip("*_ -•").split()) for part in _CELLS.split(line))


def _day(found: re.Match[str]) -> datetime | None:
    said = {name[0]: value for name, value in found.groupdict().items() if value and name != "mark"}
    year, month = int(said["y"]), said["m"].casefold()
    day, number = int(said.get("d", 1)), _MONTHS.get(month) or int(month)
    if found["mark"] in {"/", "-"}:  # the day first in Europe, the month in America
        if day <= 12 and number <= 12 and day != number:
            return None
        day, number = (number, day) if number > 12 else (day, number)
    try:
        return datetime(year, number, day, tzinfo=UTC) if _OLDEST <= year <= _YOUNGEST else None
    except ValueError:
        return None
