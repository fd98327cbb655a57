"""What makes a sentence a weak answer, whatever it says of the question: a table of signs and what each one leaves.

A sentence that only says where something is said, leans on the one before it, quotes another mail, tells an exception
or a rule that was replaced, a line of code. Words only; knows no passage, no features and no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from app.answers.signs import denies
from app.answers.swapped import names_another, triples
from storage.aim import speaks_to_model

_POINTS = re.compile(
    r"^[\W_]*(?:[Pp]lease )?(?:[Ss]ee|[Rr]efer to|[Cc]heck out|[Ff]ind out|[Cc]lick)\b|"
    r"\b(?:please|also) (?:see|refer to|find|read)\b|"
    r"\b[Ff]or (?:more|further|additional|other) (?:information|details?|help)\b|"
    r"\b(?:described|explained|documented|outlined) (?:in (?:more )?detail )?(?:here\b|in the [A-Z]|in “|under\b)|"
    r"\b(?:found|listed|explained|described) here\b|^[Ss]iehe\b|\b(?:finden Sie|steht|stehen) (?:hier|unter|im)\b|"
    r"^\W*(?:[Yy]ou (?:can|may) |[Tt]o )?(?:[Rr]ead|[Ll]earn|[Ff]ind out|[Ss]ee) more (?:about|on|at|in|by|here|how)\b|"
    r"\b[Mm]ore (?:about|on|information|details?)\b.*\bhere\W*$|\b[Mm]ehr (?:dazu|darüber|zu|über)\b.*\bhier\W*$|"
    r"详见|参见|请参阅|了解更多"
)
_CODE = re.compile(  # a command, or a line of a program
    r"^(?:[-*] )?(?:[$%] \S|#!|//|/\*|"
    r"(?:sudo|curl|git|docker|kubectl|npm|pip|cd|export|import|SELECT|def|const|var)\s\S)|\s--\w[\w-]+|=>|&&|==|\w\(\)|[=(].*;$"
)
_ASKS_CODE = re.compile(
    r"\b(?:commands?|codes?|scripts?|run|quer(?:y|ies)|calls?|options?|flags?|parameters?|API|SQL|CLI|install\w*|"
    r"configur\w*|syntax|examples?|befehl\w*|skripte?|beispiele?|aufruf\w*)\b|命令|代码|脚本",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"[(（][^()（）]*[)）]")
_LEANS = re.compile(
    r"\W{0,3}(?:for (?:example|instance)|however|also|in addition|additionally|furthermore|moreover|therefore|"
    r"otherwise|instead|as such|that said|zum beispiel|außerdem|jedoch|daher|darüber hinaus)\b[,:]? |\(",
    re.IGNORECASE,
)
_THE_REST = re.compile(r"\W*(?:any|all) other\b|\W*alle anderen\b", re.IGNORECASE)
_EXCEPTION = re.compile(
    r"\b(?:is|are) (?:the|an)(?: only)? exceptions?\b|\b(?:ist|sind|bilden) (?:die|eine) Ausnahmen?\b", re.I
)
_REPLACES = re.compile(
    r"\b(?:replaces|supersedes) (?:the |all |any )?(?:\w+ )?(?:version|edition|revision|polic|guideline|rules?\b)|"
    r"\bersetzt (?:die |alle )?(?:\w+ )?(?:Version|Fassung|Ausgabe|Richtlinie|Regel)",
    re.IGNORECASE,
)
OF_THE_PAST = re.compile(
    r"\b(?:replac|supersed|previous|former|earlier|old|version|edition|used to|ersetz|früher|vorherig|alte|fassung)",
    re.IGNORECASE,
)
_IF_NOT = re.compile(
    r"\b(?:if|when|unless|wenn|falls)\b[^?]*?(?:\b(?:not|no|never|without|nicht|kein\w*|ohne|nie)\b|n['’]t\b)",
    re.IGNORECASE,
)
_FAILS = re.compile(
    r"\b(?:late|lapses?|expires?|otherwise|miss\w*|fail\w*|los[et]\w*|refus\w+|denied|verf[aä]ll\w*|sonst|entfällt)\b",
    re.IGNORECASE,
)
_HOW_LONG = re.compile(
    r"^how long (?:is|are|was|does|do|will) (?:(?:the|an?|my|our) )?([\w -]+?)(?: last| take| run)?\W*$", re.I
)


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A sign that a sentence is weak, where the question does not ask for just that."""

    left: float  # of the sentence's probability
    of: Callable[[str], object]  # whether the sentence has it
    unless: re.Pattern[str] | None = None  # found in the question: it asks for that


def _points_elsewhere(text: str) -> bool:
    """Whether a sentence but says where something is said. Who gives a number says it: "see extension 4400"; and who
    says so in brackets says something else."""
    told = _ASIDE.sub(" ", text)
    return _POINTS.search(" ".join(told.split())) is not None and not re.search(r"\d", told)


def _is_code(text: str) -> bool:
    """Whether it is a line of code, and no sentence that names some."""
    return _CODE.search(text) is not None and not text.endswith((".", ":", "。"))


SIGNS = (
    Sign(left=0.4, of=_points_elsewhere),
    Sign(left=0.5, of=_LEANS.match),
    Sign(
        left=0.5, of=_THE_REST.match, unless=re.compile(r"\bother\b|\bander", re.IGNORECASE)
    ),  # than those named before
    Sign(left=0.6, of=lambda text: text.startswith(">")),  # a mail quotes the one that it answers
    Sign(left=0.5, of=_EXCEPTION.search, unless=_EXCEPTION),
    Sign(left=0.5, of=_REPLACES.search, unless=OF_THE_PAST),  # what a document says of the version that it replaces
    Sign(left=0.5, of=_is_code, unless=_ASKS_CODE),
    Sign(left=0.3, of=speaks_to_model),  # perhaps: what surely does is not quoted at all
)
UNDENIED = 0.5  # is left to what affirms, where one asks what is if something is not
ANOTHER_TIME = 0.5  # is left to what happens "during parental leave", where one asks how long that is
OTHER_THING = 0.25  # is left to "recovery point objective" where its time is asked for


def weakness(question: str) -> Callable[[str], float]:
    """What part of a sentence's probability its signs leave it, 0 to 1, for a question.

    >>> weakness("Who pays?")("However, the firm pays.")
    0.5
    """
    signs = [sign for sign in SIGNS if sign.unless is None or not sign.unless.search(question)]
    if _IF_NOT.search(question):
        signs.append(Sign(left=UNDENIED, of=lambda text: not (denies(text) or _FAILS.search(text))))
    if lasting := _HOW_LONG.match(question.strip()):
        during = re.compile(
            rf"\b(?:during|before|after|until|since|while on) (?:\w+ ){{0,2}}{re.escape(lasting[1])}\b", re.I
        )
        signs.append(Sign(left=ANOTHER_TIME, of=during.search))
    if near := triples(question):
        signs.append(Sign(left=OTHER_THING, of=lambda text: names_another(near, text)))
    return lambda text: prod((sign.left for sign in signs if sign.of(text)), start=1.0)
