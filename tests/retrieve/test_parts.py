"""The parts of retrieval by themselves: fusing, inheriting from the conversation, trusting the embedder."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.records import Turn
from app.retrieval.expand import codes, names_in, quoted
from app.retrieval.followup import FADED, REFERRING, RESTATED, TERM_ECHO, asking
from app.retrieval.fuse import (
    Evidence,
    ceiling,
    coverage,
    fused,
    part_said,
    phrase,
    with_codes,
    with_company,
    with_names,
    with_quotes,
)
from app.retrieval.trust import LEAST, trust
from storage.embedder import Embedder, LocalEmbedder
from storage.words import terms

ALL = Evidence(meaning=1.0, keyword=1.0, phrase=1.0, coverage=1.0)


def test_scores_run_from_nothing_to_everything() -> None:
    assert fused(ALL, trust=1.0) == pytest.approx(1.0)
    assert fused(Evidence(meaning=-0.3, keyword=0.0, phrase=None), trust=1.0) == 0.0


def test_an_embedder_that_knows_nothing_says_nothing() -> None:
    loud = Evidence(meaning=0.9, keyword=0.2, phrase=None)
    quiet = Evidence(meaning=0.0, keyword=0.2, phrase=None)
    assert fused(loud, trust=0.0) == fused(quiet, trust=0.0)
    assert fused(loud, trust=1.0) > fused(loud, trust=0.5) > fused(loud, trust=0.0)


def test_more_evidence_is_never_a_lower_score() -> None:
    base = Evidence(meaning=0.4, keyword=0.4, phrase=0.4)
    for better in (
        Evidence(meaning=0.5, keyword=0.4, phrase=0.4),
        Evidence(meaning=0.4, keyword=0.5, phrase=0.4),
        Evidence(meaning=0.4, keyword=0.4, phrase=0.5),
    ):
        assert fused(better, trust=0.7) > fused(base, trust=0.7)


def test_terms_that_stand_together_are_a_phrase() -> None:
    weights = dict.fromkeys(terms("parental leave policy"), 1.0)
    together = phrase(weights, terms("The parental leave policy is new."))
    apart = phrase(weights, terms("The policy says that nobody may leave before the parental evening has ended."))
    assert together == 1.0  # each pair of neighbours
    assert apart is not None
    assert apart <= 0.5
    assert phrase({"leav": 1.0}, terms("leave")) is None
    assert phrase(dict.fromkeys(terms("年假规定"), 1.0), terms("年假规定")) is None  # pairs of characters are phrases


def test_coverage_weighs_terms_by_what_they_tell() -> None:
    weights = {"rare": 3.0, "common": 1.0}
    assert coverage(weights, frozenset(["rare"])) == 0.75
    assert coverage({}, frozenset(["rare"])) == 0.0
    assert ceiling({}) > 0


def test_only_the_persons_latest_turns_echo() -> None:
    history = [
        Turn(role="user", content="Who is the chair of the board?"),
        Turn(role="user", content="Tell me about pensions"),
        Turn(role="user", content="And the canteen?"),
        Turn(role="assistant", content="Elephants"),
        Turn(role="user", content="Where is the garage?"),
    ]
    asked = asking("How much for parking?", history)
    echoes = dict(zip(("garag", "canteen", "pension"), TERM_ECHO, strict=True))
    assert asked.terms == {"much": 1.0, "park": 1.0} | echoes
    assert asked.own == 2
    assert [text for text, _ in asked.echoes] == ["Where is the garage?", "And the canteen?", "Tell me about pensions"]


def test_a_question_that_a_passage_answers_as_it_stands_inherits_less() -> None:
    asked = asking("How much for parking?", [Turn(role="user", content="Where is the garage?")])
    assert asked.faded(0.2) == asked.faded(0.4) == 1.0
    assert 1.0 > asked.faded(0.5) > asked.faded(0.6) > FADED
    assert asked.faded(0.9) == pytest.approx(FADED)


def test_the_rest_of_a_document_and_of_its_folder_speak_for_a_passage() -> None:
    paths = ["hr/leave.md", "hr/leave.md", "hr/pay.md", "it/vpn.md", "top.md", "it/printer.md"]
    first, second, pay, vpn, top, printer = with_company([0.5, 0.5, 0.3, 0.5, 0.5, 0.1], paths, trust=1.0)
    assert first == second == 0.5
    assert 0.5 > vpn > top  # more of its folder's documents were found
    assert pay - printer > 0.2  # the better folder
    assert with_company([0.5, 0.1], ["hr/leave.md", "it/vpn.md"], trust=0.0) == [0.5, 0.1]
    assert max(with_company([1.0] * 9, ["a/b.md"] * 9, trust=1.0)) <= 1.0


def test_the_document_that_the_question_names_comes_before_its_likes() -> None:
    weights = {"acm": 3.0, "2022": 1.0, "debt": 2.0, "zebra": 6.0}  # nothing tells of zebras
    called = [
        frozenset(text.split()) for text in ("acm 2022", "acm 2021", "helvar 2022", "acm report", "acm 2022 debt")
    ]
    names, held = frozenset({"acm", "2022"}), frozenset({"acm", "2022", "debt"})
    right, year, company, bare, word = with_names([0.4] * 5, called, weights, names=names, held=held)
    assert right == word == 0.4  # an ordinary word in a file's name tells little
    assert right > bare > year  # a name without a year is not of the wrong one
    assert right > company
    assert with_names([0.4, 0.3], [frozenset()] * 2, weights, names=names, held=held) == [0.4, 0.3]
    assert names_in("How much debt did Acme have in 2022, in the US?") == ["acm", "2022", "us"]


def test_the_report_of_the_period_comes_before_those_beside_it() -> None:
    weights = dict.fromkeys(["acm", "debt", "2021"], 1.0)
    called = [frozenset(terms(f"Acme {period}")) for period in ("2021", "2021 Q2", "2022", "2023", "report")]
    year, quarter, after, later, none = with_names(
        [0.4] * 5, called, weights, names=frozenset({"acm"}), held=frozenset()
    )
    assert year == none > quarter == after > later
    asked = weights | {"q2": 1.0}
    assert with_names([0.4], called[1:2], asked, names=frozenset({"acm"}), held=frozenset()) == [0.4]


def test_what_is_quoted_and_codes_are_taken_word_for_word() -> None:
    assert quoted('Where does it say "net of tax" or „der Vorstand“?') == [["net", "of", "tax"], ["der", "vorstand"]]
    assert quoted("What's the manager's share?") == []
    assert codes("What does E14 mean on the HF-210, v6.15.0?") == [["e14"], ["hf", "210"], ["v6", "15", "0"]]
    assert codes("What was the debt in Q3 2023, FY2022, FY'21 and 1Q23, the 3rd time?") == []
    assert part_said([["hf", "210"], ["e14"]], ["the", "hf", "210"], ["e", "14"]) == 0.5
    assert with_quotes([0.9, 0.0], [0.0, 1.0]) == [0.45, 0.5]
    assert with_quotes([0.4, 0.3], [0.0, 0.0]) == with_codes([0.4, 0.3], [0.0, 0.0]) == [0.4, 0.3]
    assert with_codes([0.4, 0.3], [0.0, 1.0])[0] < 0.4


def test_who_refers_to_what_was_said_inherits_more() -> None:
    history = [Turn(role="user", content="Where is the garage?")]
    for question in ("What does it cost?", "Was kostet sie?", "它多少钱?"):
        spoken = asking(question, [Turn(role="user", content="车库在哪里?")] if "钱" in question else history)
        assert max(weight for weight in spoken.terms.values() if weight < 1) == pytest.approx(REFERRING * TERM_ECHO[0])


def test_who_repeats_the_topic_inherits_less() -> None:
    history = [Turn(role="user", content="Where is the garage entrance?")]
    asked = asking("What does the garage cost?", history)
    assert asked.terms["garag"] == 1.0
    assert asked.terms["entranc"] == pytest.approx(RESTATED * TERM_ECHO[0])


@pytest.mark.parametrize(
    ("question", "least", "most"),
    [
        ("How do I reset the password?", 1.0, 1.0),
        ("What type of camera was used to record the Moon landing?", 1.0, 1.0),
        ("PX-4711 QRTZ", LEAST, 0.5),  # spelled out: words know better
        ("4711", 1.0, 1.0),
        ("Wie beantrage ich Urlaubstage für Teilzeitbeschäftigte?", LEAST, 0.6),
        ("Jak zresetować hasło do poczty służbowej?", LEAST, 0.5),
        ("Как сбросить пароль от почты?", LEAST, LEAST),
        ("年假要提前多久申请?", LEAST, LEAST),
        ("パスワードを忘れた場合はどうすればいいですか", LEAST, LEAST),
        ("비밀번호를 어떻게 재설정하나요?", LEAST, LEAST),
    ],
)
def test_trust_follows_what_the_embedder_knows(embedder: Embedder, question: str, least: float, most: float) -> None:
    assert least <= trust(question, embedder) <= most


def test_a_model_of_every_language_is_trusted(embedder: Embedder) -> None:
    assert isinstance(embedder, LocalEmbedder)

    @dataclass
    class Everywhere:
        languages: tuple[str, ...] = ("*",)

    assert trust("年假要提前多久申请?", Everywhere()) == 1.0  # type: ignore[arg-type]
