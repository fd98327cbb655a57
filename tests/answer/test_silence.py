"""That the documents do not say something is told in many languages; what they forbid is something else."""

from __future__ import annotations

import pytest

from app.answers.phrases import in_language
from app.answers.silence import not_said

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "zh", "ja", "ko")


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_words_for_it_are_known(language: str) -> None:
    assert not_said(in_language(language).silent)


@pytest.mark.parametrize(
    "said",
    [
        "The documents do not mention a bonus.",
        "This is not specified.",
        "The details of the bonus are not provided in the passages.",
        "Das geht aus den Dokumenten nicht hervor.",
        "In den Textstellen wird kein Bonus erwähnt.",
        "Les passages ne précisent pas le montant.",
        "Los pasajes no mencionan ninguna prima.",
        "I documenti non indicano alcun premio.",
        "Os documentos não mencionam um bônus.",
        "De documenten vermelden geen bonus.",
        "资料中未提及奖金。",
        "文書には賞与の記載がありません。",
        "자료에는 상여금이 언급되어 있지 않습니다.",
    ],
)
def test_that_nothing_is_said_is_told_apart(said: str) -> None:
    assert not_said(said)


@pytest.mark.parametrize(
    "said",
    [
        "The documents must not be copied.",
        "Dokumente dürfen nicht kopiert werden.",
        "Texte werden nicht übersetzt.",
        "Les documents ne sortent pas du bureau.",
        "Los documentos no salen de la oficina.",
        "I documenti non escono dall'ufficio.",
        "De documenten blijven niet op kantoor.",
        "文件未经批准不得外传。",
        "書類は持ち出しできません。",
        "휴가는 다음 해로 이월되지 않습니다.",
    ],
)
def test_a_rule_is_not_taken_for_it(said: str) -> None:
    assert not not_said(said)
