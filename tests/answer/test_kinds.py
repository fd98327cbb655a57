"""Which sentences can be an answer at all, and whether they name the kind of thing that is asked for."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from place import Place

from app.answers.answer import HITS, MOST_OF_ONE_WORD, NAMED, ONE_WORD
from app.answers.confidence import SAID, Evidence, confidence, evidence_of
from app.answers.context import build_context
from app.answers.extract import Candidate, candidates
from app.answers.kinds import names_kind
from app.engine import Engine
from app.records import Answer, Level, level
from app.retrieval.asked import Expected, rarity, understand

MANUAL = """# Site manual

4. Hotels

The limit for a night in Berlin is EUR 135. Direct cause. The price list was out of date.

Health savings account

5. Lost devices

Lost devices are reported to extension 4455.

1. Call the service desk
2. Lock the account

Site lead: Henrik Baumgart
"""

SITES = (
    ("Suzhou", "P1 for employees, P2 for visitors"),
    ("Durham", "Lot A, by permit of the reception"),
    ("Turin", "Area B, for visitors"),
)

REPLACED = (
    "Version 5.0 replaces version 4.3 of 2023, which required a change of password every 90 days.\n\n"
    "Service accounts: their passwords are changed every 180 days. Passwords of people do not expire."
)


@pytest.mark.parametrize(
    ("question", "right", "other"),
    [
        ("How many seats does the room have?", "It has 24 seats.", "It is on floor 3."),
        ("How many interceptions were there?", "He threw 17 costly interceptions.", "He played in 2015."),
        ("How long must a password be?", "It has 14 characters.", "It is in paragraph 12."),
        ("How much leave do I get?", "It is 12 weeks.", "It has 3 parts."),
        ("What does the gauge cost?", "Its list price EUR: 415.", "You get 21 percent."),
        ("How long is the notice period?", "It is three months.", "It is in paragraph 12."),
        ("How much is the hotel limit?", "The limit is EUR 135.", "The limit has 3 exceptions."),
        ("Who may speak to journalists?", "As a rule Ingrid Vossberg does.", "Only the FAQ does."),
        ("What does cleaning cost per month?", "The monthly fee is EUR 11,850.", "It costs EUR 29.50 an hour."),
        ("What is a buddy?", "A buddy is a colleague of another team.", "The buddy is named by the manager."),
        ("Who approves leave?", "Ute Brandes approves it.", "Your manager approves it."),
        ("Wie viele Urlaubstage habe ich?", "Es sind 30 Urlaubstage.", "Es gilt seit 2019."),
        ("Can I work from abroad?", "You may do so for 30 days.", "Working from abroad is a business trip."),
        ("Darf ich im Ausland arbeiten?", "Das ist nicht möglich.", "Arbeit im Ausland ist beliebt."),
        ("可以带访客吗？", "访客必须登记。", "访客喜欢食堂。"),
        ("How do I claim expenses?", "Enter them in Spesa.", "The claim of expenses is old."),
        ("How do I ask for leave?", "Enter leave in Absenta.", "Days left lapse unless you were ill."),
        ("How often are rights reviewed?", "They are reviewed on an annual basis.", "There are 12 reviewers."),
        ("How often is the code confirmed?", "It is confirmed again every two years.", "Clause 12 has it."),
        ("Wie oft wird geprüft?", "Alle zwei Jahre wird geprüft.", "Es sind 12 Prüfer."),
        ("多久检查一次？", "每年检查。", "有12人检查。"),
        ("When does probation end?", "It ends on 31 May.", "It is six months."),
        ("Who is the CEO?", "Ingrid Vossberg, CEO", "Donations are decided by the site manager, not by the CEO."),
        ("Who is the site supervisor of Brock?", "The site supervisor is Kata Nowak.", "The site supervisor met Jo."),
        ("What is an RFC?", "An “RFC” literally means a “Request for Comments.”", "Each RFC has a number."),
        ("Which steps do I take when there is a fire?", "1. Leave the room at once", "Fire drills take place."),
    ],
)
def test_a_number_of_the_right_kind_counts_more(question: str, right: str, other: str) -> None:
    asked = understand(question, (), weigh=lambda term: 1.0)
    assert names_kind(asked, right) >= 1.0
    assert 0 < names_kind(asked, other) < 1.0


@pytest.mark.parametrize(
    ("question", "right", "other"),
    [
        ("When does the pool close?", "It closes at 9 pm.", "It is on floor 9."),
        ("When is the doctor in?", "She comes on Tuesdays.", "She comes by train."),
        ("When are deliveries taken?", "They are taken until noon.", "They are taken by Mr Wu."),
        ("When is the lab open?", "It is open from 8 to 19.", "It is open from 8 to 19 guests."),
        ("When does the lab open?", "It opens at 9 and closes at 18.", "It opens at 9 bar of pressure."),
        ("Wann öffnet das Lager?", "Es öffnet um 7 Uhr.", "Es hat 7 Tore."),
        ("Wann ist das Lager offen?", "Es ist montags bis donnerstags offen.", "Es ist in Halle 4."),
        ("Quand ferme le dépôt ?", "Il ferme à 18 h le vendredi.", "Il a 18 portes."),
        ("¿Cuándo cierra el almacén?", "Cierra a las 18 horas.", "Tiene 18 puertas."),
    ],
)
def test_hours_and_days_of_the_week_are_times(question: str, right: str, other: str) -> None:
    asked = understand(question, (), weigh=lambda term: 1.0)
    assert names_kind(asked, right) == 1.0
    assert names_kind(asked, other) == 0.0


def test_headings_and_fragments_are_never_quoted_but_lend_their_words_to_what_follows(place: Place) -> None:
    place.write("everyone/manual.md", MANUAL)
    place.ingest()
    ranked = _ranked(Engine(place.store), "Why was it, the direct cause?", searched="Which devices were lost?")
    assert set(ranked) == {
        "The limit for a night in Berlin is EUR 135.",
        "The price list was out of date.",
        "Lost devices are reported to extension 4455.",
        "1. Call the service desk",
        "2. Lock the account",
        "Site lead: Henrik Baumgart",
    }
    after, apart = (ranked[text].features.around for text in ("The price list was out of date.", "2. Lock the account"))
    assert after > apart


def test_a_name_alone_and_a_heading_of_a_dozen_words_are_never_quoted(place: Place) -> None:
    place.write(
        "everyone/prices.md",
        "# Prices\n\nHalden Instruments AG, Sales. Prices hold until May.\n\nGoods, services and countries to which "
        "our sales people cannot sell, not even for a time\n\nWe cannot sell to Atlantis.\n",
    )
    place.ingest()
    ranked = _ranked(Engine(place.store), "Which countries can the sales people not sell to?")
    assert set(ranked) == {"Prices hold until May.", "We cannot sell to Atlantis."}


def test_a_record_of_json_is_quoted_by_itself_with_its_name(place: Place) -> None:
    sites = [{"name": name, "company": "Halden Inc.", "parking": parking} for name, parking in SITES]
    place.write("everyone/sites.json", json.dumps({"sites": sites}))
    place.ingest()
    answer = _of(Engine(place.store), "Where can I park in Durham?")
    assert answer.sentences[0].text == "name: Durham; company: Halden Inc.; parking: Lot A, by permit of the reception"


# the document's text; what is asked; how the answer begins
BEGINS = {
    "not what leans on another sentence": (
        "Most people like it. For example, the home office budget may be spent on a desk at home.\n\n"
        "The budget of a home office is up to EUR 2,000.",
        "How much can I spend on a home office?",
        "The budget of a home office",
    ),
    "not the rule that was replaced": (
        REPLACED,
        "How often must I change my password?",
        "Service accounts: their passwords",
    ),
    "the rule that was replaced, where the past is asked for": (
        REPLACED,
        "What did the previous version say about how often to change a password?",
        "Version 5.0 replaces",
    ),
    "what denies, where one asks what is if something is not": (
        "Your manager answers a leave request within five days. No answer of the manager to the request within that "
        "time does not mean yes.",
        "What happens if my manager does not answer my leave request?",
        "No answer of the manager",
    ),
    "not what is called otherwise in its middle word": (
        "The recovery point objective is at most 24 hours. The recovery time objective stands in the agreement with "
        "each customer.",
        "What is the recovery time objective?",
        "The recovery time objective",
    ),
    "not a line that names a page": (
        "Where guests park ........ 4\n\nWhere guests eat ........ 5\n\nCars of guests stand in rows A to C.",
        "Where do guests park?",
        "Cars of guests",
    ),
    "not an item of a table of contents": (
        "**On this page:**\n\n- Where guests park\n- Where guests eat\n\nCars of guests stand in rows A to C.",
        "Where do guests park?",
        "Cars of guests",
    ),
    "not an item that names but what is asked": (
        "- Bicycle\n\n- Ladder\n\nA lease of a bicycle runs for three years.",
        "What about my bicycle?",
        "A lease of a bicycle",
    ),
    "with the sentence that says what is to be done for it": (
        "Leave of more than ten days needs approval, as it is a burden on the work of the others. "
        "To obtain approval, write to the head of your department.",
        "Who has to approve leave of more than ten days?",
        "Leave of more than ten days needs approval, as it is a burden on the work of the others. [1] To obtain",
    ),
    "a number in words or digits": (
        "| Car | Seats |\n| --- | --- |\n| Falcon | 5 |\n| Heron | 9 |\n",
        "Which car has nine seats?",
        "| Car | Seats |\n| --- | --- |\n| Heron | 9 [1] |",
    ),
    "not a heading that is a sentence": (
        "## Rules\n\nThey hold for all.\n\n## Guests park where they can.\n\nTheir cars stand in rows A to C.\n\n"
        "## Hosts eat at noon.\n\nThe food of hosts is free.",
        "Where do guests park?",
        "Their cars stand",
    ),
    "not a heading that ends with a colon, and what stands below it": (
        "## Bags\n\n### Bags of porters:\n\n- Heron, grey\n\n### Bags of drivers:\n\n- Falcon, blue",
        "Which bags do drivers get?",
        "Falcon, blue",
    ),
    "not what is left besides": (
        "Any other car for guests is ordered by the host of the guests.\n\nThe car for guests is the blue one.",
        "Which car is for guests?",
        "The car for guests",
    ),
}


@pytest.mark.parametrize(("text", "question", "begins"), BEGINS.values(), ids=BEGINS)
def test_an_answer_begins_with_the_sentence_that_answers(place: Place, text: str, question: str, begins: str) -> None:
    place.write("everyone/rules.md", f"# Rules\n\n{text}\n")
    place.ingest()
    assert _of(Engine(place.store), question).text.startswith(begins)


def test_a_sentence_that_repeats_the_question_is_no_answer(place: Place) -> None:
    place.write("everyone/mail.md", "# Mail\n\nName the capital of Brazil. The invoice from Brazil is due on 3 May.\n")
    place.ingest()
    engine = Engine(place.store)
    labels = engine.catalog.labels_of(["everyone"])
    asked = understand("Name the capital of Brazil!", (), weigh=lambda term: 1.0)
    found = engine.search(asked.question, groups=["everyone"], k=HITS)
    passages = build_context(found, engine.catalog, labels=labels, budget=1500)
    ranked = candidates(asked, passages, place.store.embedder)
    assert [item.text for item in ranked] == ["The invoice from Brazil is due on 3 May."]


def test_lines_that_documents_carry_along_answer_nothing(place: Place) -> None:
    mail = "From: Jo <jo@halden.example>\nTo: All <all@halden.example>\nSubject: VPN\n\nOpen the VPN client first.\n"
    place.write("everyone/vpn.eml", mail)
    feet = "\n\n".join(f"Sheet {n} says more of the VPN here.\n\nHalden VPN guide, internal, {n}" for n in range(3))
    place.write("everyone/guide.md", f"# Guide\n\n{feet}\n")
    place.ingest()
    engine = Engine(place.store)
    for question, addressed in (("How do I connect to the VPN?", False), ("Who wrote about the VPN?", True)):
        found = engine.search(question, groups=["everyone"], k=HITS)
        labels = engine.catalog.labels_of(["everyone"])
        passages = build_context(found, engine.catalog, labels=labels, budget=1500)
        asked = understand(question, (), weigh=lambda term: 1.0)
        texts = {item.text for item in candidates(asked, passages, place.store.embedder)}
        assert "Open the VPN client first." in texts
        assert "Sheet 1 says more of the VPN here." in texts
        assert any(text.startswith("From: ") for text in texts) is addressed
        assert not any("internal" in text for text in texts)


def test_a_question_of_the_document_is_the_heading_of_what_follows_it(place: Place) -> None:
    place.write(
        "everyone/faq.md",
        "# Frequent questions\n\n## What do I do when the printer is broken?\n\nTurn it off and on again.\n\n"
        "## Which browsers are supported?\n\nFirefox and Edge. Chrome is not.\n\n"
        "## How large may attachments be?\n\nUp to 25 MB.\n",
    )
    place.ingest()
    answer = _of(Engine(place.store), "Which browsers are supported?")
    assert [sentence.text for sentence in answer.sentences[:2]] == ["Firefox and Edge.", "Chrome is not."]
    assert answer.reason == NAMED


def test_the_name_of_a_plain_text_is_no_answer(place: Place) -> None:
    place.write(
        "everyone/training.txt", "Training rules, edition 3, 12 January 2026\n\nTraining is asked for in May.\n"
    )
    place.ingest()
    answer = _of(Engine(place.store), "When is training asked for?")
    assert [sentence.text for sentence in answer.sentences] == ["Training is asked for in May."]


def test_one_word_is_answered_without_much_confidence(place: Place) -> None:
    place.write("everyone/leave.md", "# Leave\n\nLeave is requested in the portal. Leave lapses in March.\n")
    place.ingest()
    answer = _of(Engine(place.store), "Leave")
    assert answer.reason == ONE_WORD
    assert answer.confidence <= MOST_OF_ONE_WORD


def test_where_something_is_said_comes_after_what_says_it(place: Place) -> None:
    place.write(
        "everyone/leave.md",
        "# Leave\n\nCan one have it? Yes! How to request parental leave is described in the Benefits Guide. "
        "Enter parental leave in Absenta seven weeks ahead.\n",
    )
    place.ingest()
    sentences = _of(Engine(place.store), "How do I request parental leave?").sentences
    assert sentences[0].text == "Enter parental leave in Absenta seven weeks ahead."
    assert not any(sentence.text == "Yes!" for sentence in sentences)


def test_words_of_asking_do_not_count_as_what_is_asked() -> None:
    assert set(understand("How many vacation days do I get?", (), weigh=lambda term: 1.0).weights) == {"vacat", "day"}
    assert set(understand("How much?", (), weigh=lambda term: 1.0).weights) == {"much"}
    assert set(understand("Ab wann brauche ich eine Krankmeldung?", (), weigh=lambda term: 1.0).weights) == {
        "krankmeldung"
    }
    chinese = understand("食堂中午几点开饭？", (), weigh=lambda term: 1.0)
    assert "午几" not in chinese.weights and "食堂" in chinese.weights
    assert chinese.expected is Expected.WHEN


def _ranked(engine: Engine, question: str, *, searched: str = "") -> dict[str, Candidate]:
    labels = engine.catalog.labels_of(["everyone"])
    found = engine.search(searched or question, groups=["everyone"], k=HITS)
    passages = build_context(found, engine.catalog, labels=labels, budget=1500)
    asked = understand(question, (), weigh=rarity(engine.indexes.keywords, labels))
    return {item.text: item for item in candidates(asked, passages, engine.embedder)}


def _of(engine: Engine, question: str) -> Answer:
    return engine.answer(question, groups=["everyone"])


def test_a_code_counts_only_where_it_is_written_as_one(place: Place) -> None:
    place.write(
        "everyone/plan.md",
        "# Gateways\n\nThe gateway HG-60 will be released on 1 September 2026. Gateways (HG) earn 80 percent.\n",
    )
    place.ingest()
    engine = Engine(place.store)
    assert _of(engine, "When will the gateway HG-60 be released?").confidence >= SAID
    missing = _of(engine, "When will the gateway HG-80 be released?")
    assert missing.refused
    assert "HG-80" in missing.reason
    assert not _of(engine, "When will the gateway hg 60 be released?").refused


def test_a_code_stands_beside_chinese_text_as_well(place: Place) -> None:
    place.write("everyone/巴士.md", "# 巴士\n\n城巴E23P线于2015年3月投入使用。\n")
    place.ingest()
    assert "E23P" not in _of(Engine(place.store), "城巴E23P线什么时候投入使用？").reason


def test_words_alone_do_not_make_an_answer_of_another_kind_sure(place: Place) -> None:
    place.write(
        "everyone/gleitzeit.md", "# Gleitzeit\n\nStunden werden gegen Vorlage einer Krankmeldung gutgeschrieben.\n"
    )
    place.ingest()
    answer = _of(Engine(place.store), "Ab wann brauche ich eine Krankmeldung?")
    assert "Vorlage einer Krankmeldung" in answer.text
    assert level(answer.confidence) is Level.LOW


@pytest.mark.parametrize(
    ("question", "refused"),
    [
        ("Which costs of a trip are refunded?", False),
        ("Which costs of a trip are not refunded?", True),
        ("Who approves an increase of the travel budget?", False),
        ("Who approves a decrease of the travel budget?", True),
        ("Are costs of a trip not refunded?", False),
        ("I do not know which costs of a trip are refunded.", False),
        ("What are the costs of a trip that are refunded if I do not fly?", False),
    ],
)
def test_the_opposite_of_what_is_said_is_not_answered_by_it(place: Place, question: str, refused: bool) -> None:
    place.write(
        "everyone/travel.md",
        "# Travel\n\nThe costs of a trip are refunded within a month. An increase of the travel budget is approved by "
        "Martin Okafor.\n",
    )
    place.ingest()
    answer = _of(Engine(place.store), question)
    assert answer.refused is refused
    assert ("the opposite of what is asked" in answer.reason) is refused


def test_what_is_denied_answers_what_is_not_so(place: Place) -> None:
    place.write("everyone/travel.md", "# Travel\n\nMinibars and fines of a trip are never refunded.\n")
    place.ingest()
    assert not _of(Engine(place.store), "Which costs of a trip are not refunded?").refused


def test_confidence_grows_with_what_speaks_for_an_answer(place: Place) -> None:
    place.write("everyone/leave.md", "# Leave\n\nEvery employee has 30 days of paid leave a year.\n")
    place.ingest()
    engine = Engine(place.store)
    labels = engine.catalog.labels_of(["everyone"])
    question = "How many days of paid leave does an employee have?"
    hits = engine.search(question, groups=["everyone"], k=HITS)
    passages = build_context(hits, engine.catalog, labels=labels, budget=1500)
    asked = understand(question, (), weigh=rarity(engine.indexes.keywords, labels))
    evidence = evidence_of(asked, hits, passages, candidates(asked, passages, place.store.embedder))
    sure = confidence(evidence, embedded=True)
    assert sure > SAID
    assert SAID <= confidence(replace(evidence, best=0.1), embedded=True) < sure
    assert confidence(replace(evidence, codes_nowhere=1.0, score=0.0, passage_similarity=0.1), embedded=True) < SAID


def test_what_stands_above_a_sentence_need_not_be_said_again_in_it(place: Place) -> None:
    place.write(
        "everyone/remote.md",
        "# Remote work\n\n## 6. Working from abroad\n\nYou may work from another country for up to 30 days a year. "
        "Apply four weeks ahead. Working from abroad is not a business trip: travel costs are not paid.\n\n"
        "## 7. Ending it\n\n7.1 First talk\n\n1. Call the manager and agree on a day.\n2. Write down what was said.\n",
    )
    place.ingest()
    engine = Engine(place.store)
    first = engine.answer("Can I work from abroad?", groups=["everyone"]).sentences[0]
    assert first.text.startswith("You may work from another country")
    talk = engine.answer("What is done in the first talk?", groups=["everyone"])
    assert "7.1 First talk" not in talk.text


def test_what_is_found_by_words_alone_is_as_sure_as_its_best_sentence() -> None:
    found = dict.fromkeys((field.name for field in fields(Evidence)), 0.0)
    evidence = Evidence(**found | {"passage_terms": 1.0, "context_terms": 1.0, "score": 1.0, "fits": 1.0})
    sure = [confidence(replace(evidence, best=best), embedded=False) for best in (0.3, 0.6, 1.0)]
    assert sure == sorted(sure)
    assert [level(value) for value in sure] == [Level.MEDIUM, Level.MEDIUM, Level.HIGH]
    assert sure[-1] < 0.9


def test_a_month_is_not_what_may_be() -> None:
    asked = understand("When must it be reported?", (), weigh=lambda term: 1.0)
    assert names_kind(asked, "It may also be used for a march.") == 0
    assert names_kind(asked, "It is due in May.") == 1
