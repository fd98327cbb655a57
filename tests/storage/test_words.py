"""Index terms: the same for documents and questions, in every script."""

from __future__ import annotations

import doctest

import pytest

import storage.sentences
import storage.words
from storage.words import question_terms, terms, unspaced_share


def test_words_are_stemmed_folded_and_lowered() -> None:
    assert terms("The Running HORSES cafés") == ["the", "run", "hors", "cafe"]


def test_scripts_without_spaces_become_pairs() -> None:
    assert terms("上海办公室") == ["上海", "海办", "办公", "公室"]
    assert set(terms("食堂")) <= set(terms("公司食堂在二楼"))
    assert set(terms("東京")) <= set(terms("本社は東京にあります"))
    assert set(terms("휴가")) <= set(terms("연차휴가는 15일입니다"))


def test_a_questions_terms_are_those_that_tell() -> None:
    assert question_terms("How many days of annual leave do I have?") == ["mani", "day", "annual", "leav"]
    assert question_terms("what is it") != []  # a question of empty words still asks something
    assert question_terms("?!") == []


def test_full_width_letters_are_the_same_letters() -> None:
    assert terms("ＨＦ－２１０") == terms("HF-210")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("FY2023", {"fy", "2023"}),
        ("FY'23 and FY 24", {"fy", "2023", "2024"}),
        ("2022Q3", {"2022", "q3"}),
        ("Q2-2022 or 3Q23", {"q2", "2022", "q3", "2023"}),
        ("the second quarter of 2022", {"q2", "2022"}),
        ("Q4", {"q4"}),
        ("PX-4711 costs 23", {"4711", "23"}),
        ("FY 2023", {"fy", "2023"}),
    ],
)
def test_years_and_quarters_are_the_same_however_they_are_written(written: str, found: set[str]) -> None:
    assert found <= set(terms(written))


def test_the_share_of_unspaced_script() -> None:
    assert unspaced_share("什么时候") == 1.0
    assert unspaced_share("annual leave") == 0.0
    assert unspaced_share("12345") == 0.0


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(storage.words).failed == 0
    assert doctest.testmod(storage.sentences).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        "The Running HORSES cafés — ‘quoted’ FY2023, 3Q23 and\u00a0the second quarter\u2028of 2022; naïve ﬁles ½",
        "在上海的办公室 office，东京2022年。 연차휴가는 15일",
        "हिन्दी में लिखा हुआ, ภาษาไทย and ´acute alone",
        "a" * 70 + " " + "b" * 59 + " _snake_case_ x\x00y\x1cz\x85w",
        "",
    ],
)
def test_terms_are_those_that_the_index_makes(text: str) -> None:
    for _ in range(2):  # the second time from what is remembered
        assert terms(text) == list(storage.words._analyzer.analyze(storage.words.segment(text)))
