"""The language of the passages of a document. The only owner of py3langid, which brings its model along.

Passages without enough words to tell (numbers, code, names) take the language of their document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LONGEST = 1500  # characters that are looked at
FEWEST = 24  # letters below which nothing is told
SURE = 0.7  # of a passage by itself
SCRIPTS = (  # scripts that name the language, best first; Chinese last, as Japanese is written with its characters too
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
)
# Languages that companies write in. Of all 130 that the model knows, rare ones win where there is little to go by.
LANGUAGES = (
    "ar bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk ms mt nb nl "
    "nn no pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur vi zh"
).split()


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the language, None when there is too little to tell."""
    text = text[:LONGEST]
    letters = sum(map(str.isalpha, text))
    for name, script in SCRIPTS:
        if letters and len(script.findall(text)) > (0.1 if name == "ja" else 0.3) * letters:
            return name
    if letters < FEWEST:
        return None
    found, sure = _identifier().classify(" ".join(text.split()))
    return {"nn": "no", "nb": "no"}.get(found, str(found)) if sure >= SURE else None


def languages(texts: Sequence[str]) -> list[str | None]:
    """The language of each passage of one document; where it cannot be told, the one that most of the rest is in."""
    told = [language_of(text) for text in texts]
    letters: Counter[str] = Counter()
    for language, text in zip(told, texts, strict=True):
        if language:
            letters[language] += len(text)
    whole = letters.most_common(1)[0][0] if letters else None
    return [language or whole for language in told]


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = set(identifier.labels)
    identifier.set_languages([name for name in LANGUAGES if name in known])
    return identifier
