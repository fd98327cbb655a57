"""Words that are forms of one word and share no stem: "lose" and "lost", "foot" and "feet". English; knows no index."""

from __future__ import annotations

import math
from collections.abc import Mapping

from storage.words import terms

LEAST_ROOT, ROOT = 5, 0.6  # letters that two words of one root begin with, at least; part of the longer one
# forms of one word side by side, words apart by "|"; not those that are more often another word: left, found, leaves
_ALIKE = (
    "begin began begun|blow blew blown|break broke broken|bring brought|build built|burn burnt|buy bought|"
    "catch caught|choose chose chosen choice|come came|deal dealt|draw drew drawn|drink drank drunk|"
    "drive drove driven|eat ate eaten|fall fell fallen|feed fed|fight fought|flee fled|fly flew flown|"
    "forbid forbade forbidden|forget forgot forgotten|freeze froze frozen|give gave given|go went gone|"
    "grow grew grown|hear heard|hide hid hidden|hold held|keep kept|know knew known|lead led|learn learnt|"
    "lend lent|lose lost loss|make made|meet met|pay paid|ride rode ridden|ring rang rung|rise rose risen|"
    "run ran|say said|seek sought|sell sold sale|send sent|shake shook shaken|shoot shot|shrink shrank shrunk|"
    "sing sang sung|sink sank sunk|sleep slept|speak spoke spoken|spend spent|steal stole stolen|"
    "strike struck|swear swore sworn|swim swam swum|take took taken|teach taught|tell told|think thought|"
    "throw threw thrown|understand understood|wake woke woken|wear wore worn|win won|"
    "withdraw withdrew withdrawn|write wrote written|die death dead|marry marriage|man men|woman women|"
    "child children|foot feet|tooth teeth|mouse mice|person people|half halves|"
    "two 2|three 3|four 4|five 5|six 6|seven 7|eight 8|nine 9|ten 10|eleven 11|twelve 12|twenty 20|thirty 30|sixty 60|"
    "hundred 100"
)


def _by_form() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for group in _ALIKE.split("|"):
        forms = set(terms(group))
        for form in forms:
            found.setdefault(form, set()).update(forms)
    return {form: tuple(sorted(others - {form})) for form, others in found.items()}


_OTHERS = _by_form()


def other_forms(term: str) -> tuple[str, ...]:
    """The other forms of an index term's word, as index terms.

    >>> other_forms("lost")
    ('lose', 'loss')
    """
    return _OTHERS.get(term, ())


def has_kin(term: str, found: frozenset[str]) -> bool:
    """Whether a form of a term's word is among index terms, or a word with its root as far as the beginning tells.

    >>> has_kin("classifi", frozenset(terms("the classification of data")))
    True
    """
    if term in found or not found.isdisjoint(other_forms(term)):
        return True
    root = term[:LEAST_ROOT]
    alike = [other for other in found if other.startswith(root)] if len(root) == LEAST_ROOT else []
    return any(
        other.startswith(term[:length])
        for other in alike
        if len(term) >= (length := math.ceil(ROOT * max(len(term), len(other))))
    )
