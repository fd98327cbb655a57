"""The parts of retrieval by themselves: fusing, inheriting from the conversation, trusting the embedder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from app.records import Turn
from app.retrieval.expand import codes, names_in, quoted
from app.retrieval.followup import FADED, REFERRING, RESTATED, TERM_ECHO, asking
from app.retrieval.fuse import (
    Evidence,
    Numbers,
    ceiling,
    coverage,
    fused,
    with_codes,
    with_company,
    with_names,
    with_quotes,
    with_titles,
)
from app.retrieval.judge import Candidates
from app.retrieval.newest import RECENT, newest_version_first
from app.retrieval.trust import LEAST, trust
from storage.catalog import Candidate
from storage.embedder import Embedder, LocalEmbedder
from storage.said import said_of
from storage.words import terms


def evidence(*, meaning: float, keyword: float, phrase: float | None = None, coverage: float = 0.0) -> Evidence:
    """For one candidate."""
    several: list[Numbers] = [np.array([value]) for value in (meaning, keyword, phrase or 0.0, coverage)]
    return Evidence(
        meaning=several[0], keyword=several[1], phrase=None if phrase is None else several[2], coverage=several[3]
    )


ALL = evidence(meaning=1.0, keyword=1.0, phrase=1.0, coverage=1.0)


def test_scores_run_from_nothing_to_everything() -> None:
    assert fused(ALL, trust=1.0) == pytest.approx(1.0)
    assert fused(evidence(meaning=-0.3, keyword=0.0), trust=1.0) == 0.0


def test_an_embedder_that_knows_nothing_says_nothing() -> None:
    loud = evidence(meaning=0.9, keyword=0.2)
    quiet = evidence(meaning=0.0, keyword=0.2)
    assert fused(loud, trust=0.0) == fused(quiet, trust=0.0)
    assert fused(loud, trust=1.0) > fused(loud, trust=0.5) > fused(loud, trust=0.0)


def test_more_evidence_is_never_a_lower_score() -> None:
    base = evidence(meaning=0.4, keyword=0.4, phrase=0.4)
    for better in (
        evidence(meaning=0.5, keyword=0.4, phrase=0.4),
        evidence(meaning=0.4, keyword=0.5, phrase=0.4),
        evidence(meaning=0.4, keyword=0.4, phrase=0.5),
    ):
        assert fused(better, trust=0.7) > fused(base, trust=0.7)


def said(text: str, question: str, path: str = "a/b.md") -> Candidates:
    """A chunk with this body, and the terms of a question in it."""
    words = said_of("Title", text)
    candidate = Candidate(
        id="r:0",
        revision_id="r",
        document_id="d",
        section="",
        listed_pages="[]",
        path=path,
        title="",
        changed=None,
        embedding=np.ones(4, dtype="<f4").tobytes(),
        said_terms=words.terms,
        defines=words.defines,
    )
    return Candidates([candidate, candidate], terms(question))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("The parental leave policy is new.", 1.0),
        ("A policy of leave, parental", 1.0),  # in any order
        ("Parental and other kinds of leave. Policy", 0.75),
        ("The policy says that nobody may leave before the parental evening has ended.", 0.5),
        ("A policy of the whole of the company. Who has to leave is told", 0.0),
        ("policy", 0.0),
    ],
)
def test_terms_that_stand_together_are_a_phrase(text: str, part: float) -> None:
    question = "parental leave policy"
    found = said(text, question).phrase(dict.fromkeys(terms(question), 1.0))
    assert found is not None
    assert found.tolist() == [part, part]


def test_a_term_alone_and_pairs_of_characters_are_no_phrase() -> None:
    assert said("leave", "leave").phrase({"leav": 1.0}) is None
    assert said("年假规定", "年假规定").phrase(dict.fromkeys(terms("年假规定"), 1.0)) is None  # each pair is a phrase


def test_header_and_path_are_held_and_make_no_phrase() -> None:
    found = said("Nothing of it", "title report leave", path="leave/the report.md")
    weights = {"titl": 1.0, "report": 2.0, "leav": 1.0}
    assert found.held() == {"titl", "report", "leav"}
    assert found.coverage(weights, frozenset()).tolist() == [1.0, 1.0]
    phrase = found.phrase(weights)
    assert phrase is not None
    assert phrase.tolist() == [0.0, 0.0]
    assert said("x", "zebra leave").coverage({"zebra": 3.0, "leav": 1.0}, frozenset(["zebra"])).tolist() == [0.75, 0.75]


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


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("What do I do if my laptop is stolen?", ["May I lend my laptop?"]),
        ("How do I renew it at the service desk?", ["May I lend my laptop?", "Where is the garage?"]),  # refers
        ("And the stolen laptop?", ["May I lend my laptop?", "Where is the garage?"]),  # goes on
        ("Forms?", ["May I lend my laptop?", "Where is the garage?"]),  # says too little
    ],
)
def test_turns_that_spoke_of_something_else_are_left_out(question: str, kept: list[str]) -> None:
    history = [Turn(role="user", content="May I lend my laptop?"), Turn(role="user", content="Where is the garage?")]
    asked = asking(question, history)
    texts = np.array([[1.0, 0.0], [0.1, 0.9], [0.6, 0.8]], dtype=np.float32)  # the garage is far from it
    left, vectors = asked.without_other_subjects(texts)
    assert [turn.content for turn in left.spoken] == kept
    assert left == asking(question, left.spoken)
    assert len(vectors) == 1 + len(kept)
    assert vectors[-1].tolist() == texts[2 if len(kept) == 1 else -1].tolist()
    assert asked.without_other_subjects(np.zeros_like(texts))[0] == asked  # the embedder does not answer


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
    named = ("acm 2022", "acm 2021", "helvar 2022", "acm report", "acm 2022 debt")
    called = {text: frozenset(text.split()) for text in named}
    names, held = frozenset({"acm", "2022"}), frozenset({"acm", "2022", "debt"})
    right, year, company, bare, word = with_names([0.4] * 5, named, called, weights, names=names, held=held)
    assert right == word == 0.4  # an ordinary word in a file's name tells little
    assert right > bare > year  # a name without a year is not of the wrong one
    assert right > company
    assert with_names([0.4, 0.3], ["x"] * 2, {"x": frozenset()}, weights, names=names, held=held) == [0.4, 0.3]
    assert names_in("How much debt did Acme have in 2022, in the US?") == ["acm", "2022", "us"]


def test_the_report_of_the_period_comes_before_those_beside_it() -> None:
    weights = dict.fromkeys(["acm", "debt", "2021"], 1.0)
    periods = ("2021", "2021 Q2", "2022", "2023", "report")
    called = {period: frozenset(terms(f"Acme {period}")) for period in periods}
    year, quarter, after, later, none = with_names(
        [0.4] * 5, periods, called, weights, names=frozenset({"acm"}), held=frozenset()
    )
    assert year == none > quarter == after > later
    asked = weights | {"q2": 1.0}
    assert with_names([0.4], periods[1:2], called, asked, names=frozenset({"acm"}), held=frozenset()) == [0.4]


def test_the_title_that_is_asked_for_comes_first_and_takes_nothing_where_no_table_has_it() -> None:
    right, other = with_titles([0.4, 0.45], [True, False])
    assert right == 0.4 > other > 0.0
    assert with_titles([0.4, 0.45], [False, False]) == [0.4, 0.45]
    assert with_titles([], []) == []


def test_what_is_quoted_and_codes_are_taken_word_for_word() -> None:
    assert quoted('Where does it say "net of tax" or „der Vorstand“?') == [["net", "of", "tax"], ["der", "vorstand"]]
    assert quoted("What's the manager's share?") == []
    assert codes("What does E14 mean on the HF-210, v6.15.0?") == [["e14"], ["hf", "210"], ["v6", "15", "0"]]
    assert codes("What was the debt in Q3 2023, FY2022, FY'21 and 1Q23, the 3rd time?") == []
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


def test_of_files_called_alike_but_for_the_year_the_newest_comes_first_where_the_present_is_asked_for() -> None:
    paths = ["hr/leave 2023.md", "hr/leave 2025.md", "hr/1973 oil crisis.md", "hr/canteen.md", "hr/leave 2024.md"]
    judged = newest_version_first([0.30, 0.29, 0.2, 0.2, 0.30], paths)
    assert judged[1] == 0.29
    assert judged[0] == 0.30 - RECENT
    assert judged[4] == 0.30 - RECENT / 2
    assert judged[2:4] == [0.2, 0.2]
    assert newest_version_first([], []) == []
