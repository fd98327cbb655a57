"""Which translations count: those that say the same, as far as two languages can be compared."""

from __future__ import annotations

import pytest

from app.answers.translate import faithful


@pytest.mark.parametrize(
    ("sentence", "translation", "holds"),
    [
        ("Der Antrag ist bis Montag zu stellen.", "The request is to be made by Monday.", True),
        (
            "Am 3. März 2026 ist der Betrieb in Utrecht geschlossen.",
            "On 3 March 2026 the site in Utrecht is closed.",
            True,
        ),
        ("Les employés ont trente jours de congé.", "The employees have 30 days of leave.", True),
        ("Der Antrag ist binnen 30 Tagen zu stellen.", "The request is to be made within 60 days.", False),
        ("Der Antrag ist binnen 30 Tagen zu stellen.", "The request is to be made within 30 weeks.", False),
        ("Der Antrag ist bis Montag zu stellen.", "The request is to be made.", False),
        ("Der Bericht wird einmal pro Monat verschickt.", "The report is sent once per quarter.", False),
        ("Der Bericht wird einmal pro Monat verschickt.", "The report is sent every month.", True),
        ("Sie haben mindestens 30 Tage frei.", "They have at most 30 days off.", False),
        ("Der Antrag muss schriftlich gestellt werden.", "The request may be made in writing.", False),
        ("Der Besuch der Kantine ist verboten.", "The visit to the canteen is allowed.", False),
        ("Die Firma trägt die Kosten der Reise.", "The firm of Globex bears the costs of the trip.", False),
        ("Les employés de Globex ont un badge.", "The employees have a badge.", False),
        ("Der Hof ist gesperrt.", "The yard is closed. " + "Visitors are met at the reception. " * 5, False),
        ("Wer krank ist, meldet sich vor der Schicht bei der Leitung und der Zentrale.", "The sick report.", False),
    ],
)
def test_only_a_translation_that_says_the_same_counts(sentence: str, translation: str, holds: bool) -> None:
    assert faithful(sentence, translation, into="en") is holds


@pytest.mark.parametrize(
    ("sentence", "translation", "into", "holds"),
    [
        (
            "The depot in Lisbon was opened in 1987.",
            "里斯本的仓库于1987年启用。",
            "zh",
            True,
        ),  # a name in its own signs
        ("The depot was planned by Ines Duarte.", "仓库由 Ines Duarte 规划。", "zh", True),
        ("The depot was planned by Ines Duarte.", "仓库由 Globex 规划。", "zh", False),
        ("Globex 的徽章每年更换。", "The badges of Globex are changed every year.", "en", True),
        ("Globex 的徽章每年更换。", "The badges of Initech are changed every year.", "en", False),
    ],
)
def test_names_are_compared_as_far_as_signs_can_be(sentence: str, translation: str, into: str, holds: bool) -> None:
    assert faithful(sentence, translation, into=into) is holds
