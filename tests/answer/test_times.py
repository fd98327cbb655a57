"""Units of time are known by their words in several languages, and so is how often something is."""

from __future__ import annotations

import pytest

from app.answers.altered import altered
from app.answers.amounts import measures
from app.answers.times import how_often, spoken_of, unit_of_time


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("The lamp burns for some seconds, minutes or hours.", {"second", "minute", "hour"}),
        ("A day and a night of the week", {"day", "night", "week"}),
        ("a biweekly walk, a bimonthly talk, a fortnightly dinner", {"week", "month"}),
        ("dues of a quarter and per annum", {"quarter", "year"}),
        ("decades of this century", {"decade", "century"}),
        ("Nach Tagen, Wochen oder Monaten, auch vierteljährlich", {"day", "week", "month", "quarter"}),
        ("deux heures, trois semaines et quatre années", {"hour", "week", "year"}),
        ("at the anniversary, per diem", {"year", "day"}),
        ("An hourly walk", {"hour"}),
        ("An agent, a min. of two, and a second one", set()),  # no year, minute or second
    ],
)
def test_a_text_speaks_of_units_of_time(text: str, units: set[str]) -> None:
    assert spoken_of(text) == units


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("paid daily for an hour", {"day"}),
        ("emptied each night and every working day", {"night", "day"}),
        ("once per week or every month", {"week", "month"}),
        ("the annual talk, and the quarterly one", {"year", "quarter"}),
        ("jeden Tag, jedes Quartal und pro Jahr", {"day", "quarter", "year"}),
        ("chaque semaine, mensuel", {"week", "month"}),
        ("每天或每星期", {"day", "week"}),
        ("每月，每个月，每季度", {"month", "quarter"}),
        ("It lasts five days and a year.", set()),
    ],
)
def test_a_text_says_how_often(text: str, units: set[str]) -> None:
    assert how_often(text) == units


def test_a_word_has_one_unit_or_none() -> None:
    assert [unit_of_time(word) for word in ("Jours", "annum", "weekly", "lamp")] == ["day", "year", "week", None]


@pytest.mark.parametrize(
    ("text", "number", "units"),
    [
        ("10 ans", "10", {"year"}),
        ("EUR 90 par an", "90", {"eur", "a year"}),
        ("30 min", "30", {"minute"}),
        ("40 secondes", "40", {"second"}),
        ("5 EUR per quarter", "5", {"eur", "a quarter"}),
        ("灯亮30秒", "30", {"second"}),
        ("灯亮15分钟", "15", {"minute"}),
        ("假期3个月", "3", {"month"}),
    ],
)
def test_a_number_has_its_unit_of_time(text: str, number: str, units: set[str]) -> None:
    assert measures(text)[number] == units


@pytest.mark.parametrize(
    ("said", "put"),
    [
        ("Die Lampe brennt einige Tage im Jahr.", "Die Lampe brennt einige Wochen im Jahr."),
        ("La lampe brûle quelques jours en hiver.", "La lampe brûle quelques mois en hiver."),
        ("Der Bericht kommt wöchentlich an den Rat.", "Der Bericht kommt monatlich an den Rat."),
    ],
)
def test_one_unit_of_time_in_the_place_of_another_is_seen(said: str, put: str) -> None:
    assert altered(put, said, said)
    assert not altered(said, said, said)
