"""A sentence of a passage with one fact replaced is not that sentence; with the same fact in other words it is."""

from __future__ import annotations

import pytest

from app.answers.altered import altered, in_order

REPLACED = (  # what stands in the passage, what is put there, and what says the same
    ("The pool opens on the {} of the month.", "third Monday", "first Monday", "3rd Monday"),
    ("Phase {} follows phase 3.", "2", "3", "two"),
    ("A loan lasts {} and can be renewed.", "five weeks", "five days", "5 weeks"),
    ("The test takes a {} at most.", "ten-minute run", "ten-second run", "10-minute run"),
    ("The bus has {} and a driver.", "40 passengers", "40 suitcases", "forty passengers"),
    ("The tanks are emptied {} by the porter.", "weekly", "monthly", "weekly"),
    ("The code is changed {} by the porter.", "once a year", "twice a year", "one time a year"),
    ("The dues are {} for guests of the club.", "paid annually", "paid monthly", "paid yearly"),
    ("Rent takes {} of the income of the club.", "half", "a quarter", "half"),
    ("The share was {} white wine, the rest red.", "20 percent", "20", "20%"),
    ("The hall cost {} to build.", "EUR 3 million", "EUR 3", "3 million EUR"),
    ("The card holds {} of music.", "64 GB", "64 MB", "64 gigabytes"),
    ("The badge costs {} at the desk.", "$30", "£30", "$30"),
    ("The dues are paid in {} by guests.", "dollars", "euros", "dollars"),
    ("Guests {} wear the green badge on site.", "must", "may", "shall"),
    ("Guests {} wear the green badge on site.", "should", "must", "should"),
    ("The porter is {} at the gate in winter.", "usually", "always", "often"),
    ("The keys are given {} to the porter.", "only", "also", "solely"),
    ("There were {} guests than beds.", "more", "fewer", "more"),
    ("The lift is {} than the stairs.", "slower", "faster", "slower"),
    ("It is {} to find the gate.", "possible", "impossible", "possible"),
    ("The south gate is {} in the evening.", "open", "closed", "open"),
    ("Guests sign the book {} they leave.", "until", "after", "before"),
    ("Guests do {} sign the book where the gate has no lamp.", "not", "", "not"),
    ("The porter is {} at the gate where the gate has no lamp.", "not", "", "never"),
    ("第{}大厅有电梯。", "二", "一", "2"),
    ("大厅{}边都有电梯。", "两", "三", "2"),
    ("大桥全长19{}。", "公里", "米", "公里"),
    ("Wine takes {} of the price.", "25 per cent", "25", "25%"),
    ("The tent holds {} two guests.", "up to", "at least", "at most"),
    ("大厅{}为两层。", "至少", "最多", "最少"),
    ("大厅{}在周末开放。", "可能", "必须", "可能"),
    ("总投资28亿{}。", "元", "美元", "人民币"),
    ("年租金为5000{}。", "美元", "欧元", "美元"),
    ("大厅在图书馆{}部。", "北", "南", "北"),
)


@pytest.mark.parametrize(("frame", "said", "put", "same"), REPLACED)
def test_one_fact_in_the_place_of_another_is_seen(frame: str, said: str, put: str, same: str) -> None:
    near = frame.format(said)
    assert altered(frame.format(put).replace("  ", " "), near, near)
    assert not altered(frame.format(same), near, near)


@pytest.mark.parametrize(
    ("claim", "near"),
    [
        ("The works council pays the team each month.", "It pays the team each month."),  # a pronoun
        ("The works council rests.", "The press office pays."),  # of another matter
        (
            "The works council helps the lab and us.",
            "The press office helps the lab and us, as the works council.",
        ),  # of both
        ("Rent takes 20 to 30 percent of it.", "Rent takes 20% to 30% of it."),
        ("The lab has five working days.", "The lab has five business days."),
        ("The porter isn't at the gate.", "The porter is not at the gate."),
        ("Guests cannot sign the book.", "Guests can't sign the book."),
        ("The first team of the lab wins.", "The first group of the lab wins."),
        ("The lab and the hall have a lamp.", "Not only the lab but also the hall have a lamp."),
        ("The lamp of the lab is bright.", "The lamp of the lab, which hangs in 30 metres, is not red but bright."),
    ],
)
def test_what_stands_for_the_same_thing_is_not_taken_for_another(claim: str, near: str) -> None:
    text = "Ask the works council. So the works council rests."
    assert altered("The works council pays the team.", "The press office pays the team.", text)
    assert not altered(claim, near, text)


def test_a_name_that_the_text_has_in_the_place_of_another_is_seen() -> None:
    near = "The gate was built by Hanna Vos from Porto in spring."
    text = f"{near} Then Carla Whitfield came. The European Union helped, and so did the EU."
    assert altered("The gate was built by Carla Whitfield from Porto in spring.", near, text)
    assert not altered("The gate was built by Ann Berg from Porto in spring.", near, text)  # of whom it says nothing
    assert not altered("All that the EU built is green.", "All that the European Union built is green.", text)


@pytest.mark.parametrize(
    ("claim", "near"),
    [
        ("Set up the Vela channel with the button Add Orlo.", "Set up the Orlo channel with the button Add Orlo."),
        ("Before the lamp is lit, the lamp is filled.", "Before the stove is lit, the lamp is filled."),
    ],
)
def test_where_all_else_is_the_same_a_name_or_thing_of_the_sentence_is_seen_in_another_place(
    claim: str, near: str
) -> None:
    assert altered(claim, near, f"{near} The channel of Vela is new. Mind the lamp.")
    assert not altered(near, near, near)


def test_what_is_said_of_one_thing_is_not_said_of_what_another_sentence_is_about() -> None:
    near = "Guests with a green badge may use the pool in the evening."
    text = f"Members of the club pay once a year. {near} Staff eat in the hall."
    assert altered("Members of the club may use the pool in the evening.", near, text)
    assert altered("Staff may use the pool in the evening.", near, text)
    assert not altered("Visitors may use the pool in the evening.", near, text)  # of whom it says nothing else
    assert not altered("Guests may use the pool in the evening.", near, text)
    assert not altered("Members may go.", "Staff may go.", text)  # too little is the same


@pytest.mark.parametrize("near", ["It has four wide doors and a roof.", "The building has four wide doors and a roof."])
def test_what_goes_back_to_a_thing_may_be_called_by_its_name(near: str) -> None:
    text = f"Hall Orlo is a building in Porto. {near}"
    assert not altered("Hall Orlo has four wide doors and a roof.", near, text)
    assert altered("Hall Orlo has four wide doors and a roof.", "The Vela has four wide doors and a roof.", text)


def test_what_has_a_full_name_of_its_own_is_not_another_name_for_what_came_before() -> None:
    near = "The usual price of a ticket is high, but guests get one for nothing."
    text = f"Hall Orlo is a large building. {near}"
    assert altered("Hall Orlo is high, but guests get one for nothing.", near, text)
    assert not altered("The usual price of a ticket is high, but guests get one for nothing.", near, text)


def test_a_thing_between_the_same_words_is_seen_though_the_other_is_named_elsewhere() -> None:
    near = "It is up to each porter to fix their hours at the gate."
    text = f"Ask the cook first. {near}"
    assert altered("It is up to the cook to fix a porter's hours at the gate.", near, text)
    assert not altered("It is up to the person to fix a porter's hours at the gate.", near, text)
    assert not altered("It is up to a porter to fix the hours at the gate.", near, text)


def test_words_in_the_same_order_are_counted() -> None:
    assert in_order("The lamp is lit by Ann.", "Today the lamp is lit by a guest.") > in_order(
        "The lamp is lit by Ann.", "By Ann it is lit, the lamp."
    )
