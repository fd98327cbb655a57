"""Other spellings and other names of what is asked."""

from __future__ import annotations

import pytest

from app.retrieval.expand import codes, may_be_misspelt, nearest, other_names
from storage.abbreviations import definitions
from storage.words import terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Staff have Paid Time Off (PTO) of 25 days.", {"PTO": "Paid Time Off"}),
        ("The SLA (service level agreement) holds.", {"SLA": "service level agreement"}),
        ("Our Chief of Staff (CoS) and Key Performance Indicators (KPIs)", {"KPI": "Key Performance Indicators"}),
        ("the Department of Human Resources (DHR)", {"DHR": "Department of Human Resources"}),
        ("See the appendix (PDF) and the year (2023).", {}),
        ("something else entirely (PTO)", {}),
    ],
)
def test_an_abbreviation_is_what_its_letters_begin(text: str, found: dict[str, str]) -> None:
    assert {short: long for short, long in definitions(text).items() if short != "CoS"} == found


def test_both_names_are_found_from_either() -> None:
    texts = [{}, definitions("Employees accrue paid time off (PTO) monthly.")]
    assert other_names("How much PTO do I get?", texts) == ["paid time off"]
    assert other_names("How much paid time off do I get?", texts) == ["PTO"]
    assert other_names("How much do I get?", texts) == []
    assert other_names("How much time is paid?", texts) == []


def test_a_slip_of_the_keys_is_forgiven_and_another_word_is_not() -> None:
    texts = ["Reimbursement of travel. Reimbursement again.", "The certificate"]
    assert nearest(terms("reimbrusement")[0], texts) == "reimburs"
    assert nearest(terms("tarvel")[0], texts) == "travel"
    assert nearest("holiday", texts) is None
    assert not may_be_misspelt("px4711")
    assert not may_be_misspelt("cat")
    assert not may_be_misspelt("年假规定年")


def test_codes_have_letters_and_digits_and_periods_are_none() -> None:
    assert codes("What does E14 mean on the HF-210 of v6.15.0, unlike A380s and 747-400s?") == [
        ["e14"],
        ["hf", "210"],
        ["v6", "15", "0"],
        ["a380"],
        ["747", "400s"],
    ]
    assert codes("the 1980s, '90s, mid-1980s, 1980-90s, 1980er und 90er, 21st century, FY2022, Q3 2019, 3rd") == []
