"""Whether a sentence only tells that the documents do not say something: it is about them, and cites nothing.

A few forms in each language that answers are written in. "The documents may not be copied" is a rule, and no such form.
"""

from __future__ import annotations

import re

_DOCUMENTS = r"\b(?:passages?|documents?|context|sources?|texts?)\b"


def _of(documents: str, denial: str, saying: str) -> str:
    """A sentence with all three, in whatever order."""
    return "^" + "".join(rf"(?=.*{part})" for part in (documents, denial, saying))


_NOT_SAID = re.compile(
    "|".join(
        (
            rf"{_DOCUMENTS}.{{0,60}}\b(?:do|does|did) ?(?:not|n['’]t) (?:\w+ ){{0,2}}"
            r"(?:say|state|mention|contain|provide|specify|answer|include|give|cover|address|indicate)",
            r"\bno (?:information|mention|answer)\b",
            r"\b(?:not|n['’]t) (?:mentioned|stated|specified|answered)\b",
            r"\b(?:information|details?|answers?)\b.{0,60}\b(?:not|n['’]t) (?:provided|covered|found)\b",
            rf"\b(?:not|n['’]t) (?:provided|covered|found) (?:in|by) (?:\w+ ){{0,3}}{_DOCUMENTS}",
            r"\b(?:I|we) (?:do not|don['’]t|cannot|can['’]t) (?:know|answer|find)",
            _of(
                r"\b(?:dokument\w*|passage\w*|text(?:e|en|stellen?)?|stellen|quellen?|unterlagen|kontext)\b",
                r"\b(?:nicht|nichts|kein\w*)\b",
                r"\b(?:sag\w+|erwähn\w+|enth[aä]lt\w*|nenn\w+|genannt|steh\w*|ang(?:eg|a)b\w+|geben|beantwort\w+|"
                r"find\w*|gefunden|auskunft|hinweis\w*|information\w*|hervor)\b",
            ),
            _of(
                r"\b(?:documents?|passages?|textes?|sources?|extraits?)\b",
                r"\bn(?:e\b|['’])",
                r"\b(?:dis|mentionn|contien|précis|indiqu|donn|répond|abord|parl|fourni|trouv)\w*",
            ),
            _of(
                r"\b(?:document[oi]s?|pasajes?|passaggi|passagens|textos?|testi|fuentes|fontes|fonti)\b",
                r"\b(?:no|non|não)\b",
                r"\b(?:dic|diz|mencion|menzion|contien|cont[eéê]m|contengono|indic|especific|specific|respond|rispond|"
                r"inclu|proporcion|fornec|fornis|encuentr|trov|encontr)\w*",
            ),
            _of(
                r"\b(?:documenten?|passages?|teksten?|bronnen)\b",
                r"\b(?:niet|niets|geen)\b",
                r"\b(?:zeg\w*|vermeld\w*|noem\w*|bevat\w*|sta(?:at|an)|antwoord\w*|geven|informatie)\b",
            ),
            r"(?:文档|文件|段落|资料|文中).{0,20}(?:没有?|未|无).{0,6}(?:提|说|記|记|载|包含|涉|给|找|信息|内容|指|答|相关)",
            r"(?:記載|情報|言及)(?:が|は)?(?:ありません|ない)",
            r"(?:문서|자료|본문|구절).{0,30}(?:나와|언급|포함|명시|기재|답).{0,8}(?:않|없)",
        )
    ),
    re.IGNORECASE | re.DOTALL,
)


def not_said(sentence: str) -> bool:
    """Whether it tells that something is not said.

    >>> not_said("The documents do not mention a bonus."), not_said("Documents must not be copied.")
    (True, False)
    """
    return _NOT_SAID.search(sentence) is not None
