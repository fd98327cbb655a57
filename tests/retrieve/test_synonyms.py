"""Words that mean the same find each other, by a table that an administrator may change; a wrong one loses nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from place import Place

from app.answers.akin import in_other_words
from app.answers.confidence import MOST_UNSAID
from app.answers.context import build_context
from app.answers.extract import candidates
from app.answers.kinds import names_kind
from app.answers.quotable import sentences_of
from app.answers.variants import of_others
from app.engine import Engine
from app.operations.condition import condition, in_words
from app.operations.doctor import State, examine
from app.records import Answer, Turn
from app.retrieval.asked import Asked, understand
from app.retrieval.followup import asking
from app.retrieval.synonyms import (
    FILE,
    NONE,
    SHARE,
    SHIPPED,
    FollowedSynonyms,
    Synonyms,
    copy_synonyms,
    load_synonyms,
    synonyms_problem,
)
from storage.errors import SettingError
from storage.settings import load_settings

EVERYONE = ("everyone",)


def _table(folder: Path, text: str | bytes) -> Path:
    file = folder / FILE
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(file, ns=(1, file.stat().st_mtime_ns + len(text)))
    return file


def _others(table: Synonyms, question: str) -> dict[str, list[str]]:
    return {one.said: list(one.others.values()) for one in table.instead(question)}


# --- the file ------------------------------------------------------------------------------------------------------


def test_a_table_has_words_phrases_one_way_comments_and_chinese(tmp_path: Path) -> None:
    _table(
        tmp_path,
        "\ufeff# a comment, with commas => and an arrow\r\n\r\n"
        "Locker, personal  cabinet,LOCKERS\r\n"
        "  # another\n"
        "chief, captain => line lead, chief\n"
        "年假，带薪休假\n"
        "locker, box\n",
    )
    table = load_synonyms(tmp_path)
    assert table.own
    assert _others(table, "Which LOCKERS are free?") == {"Locker": ["personal cabinet", "box"]}
    assert _others(table, "Whose personal cabinets are these?") == {"personal cabinet": ["Locker"]}
    assert _others(table, "A cabinet, personal?") == {}  # a phrase is found word for word
    assert _others(table, "May the captain or the chief decide?") == {
        "captain": ["line lead", "chief"],
        "chief": ["line lead"],
    }
    assert _others(table, "Who is the line lead?") == {}  # one way
    assert _others(table, "我有多少天年假?") == {"年假": ["带薪休假"]}
    assert _others(table, "What is in the box?") == {"box": ["locker"]}  # not what another line says of the locker


def test_of_words_that_overlap_the_longest_counts() -> None:
    table = Synonyms.of({"leave": ["absence"], "sick leave": ["illness"], "leave of absence": ["sabbatical"]})
    assert _others(table, "Is a leave of absence sick leave?") == {
        "leave of absence": ["sabbatical"],
        "sick leave": ["illness"],
    }
    assert _others(table, "Leave, leave!") == {"leave": ["absence"]}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("locker", "one word only"),
        ("locker, lockers", "one word only"),
        ("locker, , box", "a word is missing"),
        ("locker, box,", "a word is missing"),
        ("=> box", "a word is missing"),
        ("locker =>", "a word is missing"),
        ("locker => box => chest", '"=>" twice'),
        ("lockers => Locker", "the same word"),
        ("it, information technology", '"it" says nothing by itself'),
        ("locker, !!", '"!!" says nothing by itself'),
        ("locker, one two three four five six seven eight nine", "too long"),
    ],
)
def test_a_wrong_line_is_told_by_its_number(tmp_path: Path, line: str, told: str) -> None:
    file = _table(tmp_path, f"# mine\nvacation, leave\n{line}\n")
    with pytest.raises(SettingError) as error:
        load_synonyms(tmp_path)
    assert f"{file}, line 3: " in str(error.value)
    assert told in str(error.value)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("content", "told"), [(b"caf\xe9, bar\n", "not in UTF-8"), (b"#" * 1_000_001, "1,000,000 characters are the most")]
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    _table(tmp_path, content)
    with pytest.raises(SettingError, match=told):
        load_synonyms(tmp_path)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).symlink_to(tmp_path / "nowhere")
    with pytest.raises(SettingError, match="cannot be read: No such file"):
        load_synonyms(tmp_path)


def test_the_table_of_premise_is_right_and_is_copied_for_changing(tmp_path: Path) -> None:
    shipped = load_synonyms(tmp_path)
    assert not shipped.own
    assert "annual leave" in _others(shipped, "How many vacation days do we get?")["vacation"]
    assert _others(shipped, "When do I have to leave the house?") == {}
    assert copy_synonyms(tmp_path) == tmp_path / FILE
    assert load_synonyms(tmp_path).entries == shipped.entries
    _table(tmp_path, "locker, box\n")
    assert copy_synonyms(tmp_path) is None  # what is there stays
    assert _others(load_synonyms(tmp_path), "vacation, locker") == {"locker": ["box"]}
    assert SHIPPED.read_text(encoding="utf-8").startswith("#")


def test_a_changed_table_counts_at_once_and_a_wrong_one_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _table(tmp_path, "locker\n")
    followed = FollowedSynonyms(tmp_path)
    assert "annual leave" in _others(followed(), "vacation")["vacation"]  # the one of Premise
    assert "line 1" in caplog.text
    assert "the one of Premise is used" in caplog.text
    _table(tmp_path, "locker, box\n")
    assert _others(followed(), "locker, vacation") == {"locker": ["box"]}
    _table(tmp_path, "locker, box\nchest\n")
    assert _others(followed(), "locker, vacation") == {"locker": ["box"]}
    assert "line 2" in caplog.text
    assert "the one from before is used" in caplog.text
    told = len(caplog.records)
    followed()
    assert len(caplog.records) == told  # once
    (tmp_path / FILE).unlink()
    assert "annual leave" in _others(followed(), "vacation")["vacation"]


def test_status_and_doctor_tell_of_a_wrong_table(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    data = settings.data
    assert synonyms_problem(data) == ""

    def checked() -> tuple[State, str]:
        check = next(check for check in examine(settings) if check.name == "synonyms")
        return check.state, check.sentence

    assert condition(settings)["synonyms"] == {"problem": None}
    assert checked()[0] is State.OK
    _table(data, "locker\n")
    assert "line 1: it has one word only" in in_words(condition(settings))
    state, told = checked()
    assert state is State.WARN
    assert "line 1: it has one word only" in told


def test_the_command_shows_what_a_question_is_looked_for_with_besides(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", "--data", str(tmp_path), "synonyms", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    said = json.loads(run("How do I get to the canteen?", "--json").stdout)
    assert (said["own"], said["words"]) == (False, {"canteen": ["cafeteria"]})
    assert str(tmp_path / FILE) in run("--copy").stderr
    _table(tmp_path, "locker, box\n")
    assert "locker: box" in run().stdout
    assert "no word of this question" in run("Where is the canteen?").stdout
    _table(tmp_path, "locker\n")
    wrong = run()
    assert (wrong.returncode, "line 1" in wrong.stderr) == (2, True)


# --- what is found and quoted --------------------------------------------------------------------------------------

POLICY = """# Absence from work

## Entitlement

Everybody has 26 days of annual leave in each calendar year, in every part of the firm.

## Requests

It is requested in the portal two weeks ahead.
"""
NEWS = """# News of August

Petra is back from the vacation that she spent in Portugal. There she hiked with us for eight vacation days.

The vacation photo contest closes on 30 September.
"""


@pytest.fixture
def engine(place: Place) -> Engine:
    place.write("everyone/absence.md", POLICY)
    place.write("everyone/news.md", NEWS)
    place.write("everyone/house.md", "# House\n\nWhoever can leave early does so. Doors are locked at eight.\n")
    place.write("hr/other.md", "# Other\n\nManagers have 40 days of annual leave in each calendar year.\n")
    place.ingest()
    return Engine(place.store)


def _answer(engine: Engine, question: str) -> Answer:
    return engine.answer(question, groups=EVERYONE)


def test_a_question_with_vacation_is_answered_by_the_policy_that_says_annual_leave(engine: Engine) -> None:
    question = "How many vacation days do we get?"
    answer = _answer(engine, question)
    assert answer.sentences[0].text.startswith("Everybody has 26 days of annual leave")
    assert "“annual leave” for “vacation”" in (answer.reason or "")
    assert "40 days" not in answer.text  # who may read what stays as it is
    _table(engine.folder.root, "locker, box\n")
    without = _answer(engine, question)  # of the same engine: in force at once
    assert without.sentences[0].text.startswith("There she hiked")
    assert without.confidence < answer.confidence
    assert "“annual leave” for" not in (without.reason or "")


def test_the_word_itself_comes_first(engine: Engine) -> None:
    assert (
        _answer(engine, "When does the vacation photo contest close?")
        .sentences[0]
        .text.startswith("The vacation photo contest closes")
    )
    asked = understand("vacation", (), weigh=lambda term: 1.0, synonyms=engine.synonyms())
    own, other = (asked.covered(asked.terms_in(text)) for text in ("Your vacation.", "Your annual leave."))
    assert (own, other) == (1.0, SHARE)
    assert 0.5 < SHARE < 1.0
    assert asked.covered(asked.terms_in("Who is on leave reads the annual report.")) == 0  # not the phrase


def test_words_alone_find_it_and_the_index_stays_as_it_was(engine: Engine, place: Place) -> None:
    place.write("everyone/both.md", "# Both\n\nWe say annual leave here, and by that we mean every sort of vacation.\n")
    place.ingest()
    labels = engine.catalog.labels_of(EVERYONE)

    def found(question: str, synonyms: Synonyms) -> list[tuple[str, float]]:
        asked = asking(question, (), synonyms)
        runs = {one.run: tuple(one.others) for one in asked.instead}
        hits = engine.indexes.search_keywords(asked.terms, labels=labels, k=9, instead=runs, share=SHARE)
        chunks = engine.catalog.chunks_by_id([hit.id for hit in hits], labels=labels)
        return [(Path(chunks[hit.id].path).name, hit.score) for hit in hits]

    table = Synonyms.of({"vacation": ["annual leave"], "furlough": ["annual leave"], "annual leave": ["vacation"]})
    assert [name for name, _ in found("vacation", NONE)] == ["news.md", "both.md"]
    names, scores = zip(*found("vacation", table), strict=True)
    assert names == ("news.md", "both.md", "absence.md")  # "annual leave" as a phrase, "leave early" is none
    assert scores[0] == found("vacation", NONE)[0][1]  # what the word itself brings stays
    assert found("furlough", NONE) == []
    assert [name for name, _ in found("furlough", table)] == ["both.md", "absence.md"]
    own = dict(found("annual leave", NONE))["absence.md"]
    both = dict(found("annual leave or vacation", table))
    assert both["absence.md"] >= own
    assert dict(found("annual leave", table))["absence.md"] == own
    said = dict(found("vacation", NONE))["both.md"]
    assert dict(found("vacation", table))["both.md"] == said  # the other adds nothing to the word itself


def test_what_holds_another_word_covers_the_question_a_little_less(engine: Engine) -> None:
    hits = engine.retriever.search("Is furlough paid?", labels=engine.catalog.labels_of(EVERYONE), k=5)
    assert all(hit.legs["coverage"] == 0 for hit in hits)
    _table(engine.folder.root, "furlough, annual leave\n")
    hits = engine.retriever.search("furlough", labels=engine.catalog.labels_of(EVERYONE), k=5)
    said = {Path(hit.found.path).name: hit.legs["coverage"] for hit in hits}
    assert said == {"absence.md": pytest.approx(SHARE)} | {name: 0.0 for name in said if name != "absence.md"}


def test_a_follow_up_and_processes_beside_know_them_too(engine: Engine) -> None:
    history = (Turn(role="user", content="How many vacation days do we get?"),)
    labels = engine.catalog.labels_of(EVERYONE)
    hits = engine.retriever.search("And how are they requested?", labels=labels, k=5, history=history)
    assert Path(hits[0].found.path).name == "absence.md"
    asked = asking("And how are they requested?", history, engine.synonyms())
    assert [one.said for one in asked.instead] == ["vacation"]
    assert asking("What does parking cost in the garage?", (), engine.synonyms()).instead == ()


def test_a_turn_of_another_subject_takes_its_other_words_with_it(engine: Engine) -> None:
    history = (Turn(role="user", content="How many vacation days do we get?"),)
    asked = asking("Which floor is the canteen on?", history, engine.synonyms())
    assert [one.said for one in asked.instead] == ["canteen", "vacation"]
    left, _ = asked.without_other_subjects(np.eye(2, dtype=np.float32))
    assert [one.said for one in left.instead] == ["canteen"]
    assert "vacat" not in left.terms


def test_what_is_counted_may_be_called_otherwise(place: Place) -> None:
    place.write("everyone/kit.md", "# Kit\n\nEveryone gets two headsets. Everyone gets one laptop, and one at home.\n")
    place.ingest()
    answer = _answer(Engine(place.store), "How many notebooks does everyone get?")
    assert answer.sentences[0].text.startswith("Everyone gets one laptop")
    plain, asked = (
        understand("How many notebooks does everyone get?", (), weigh=lambda term: 1.0, synonyms=table)
        for table in (NONE, Synonyms.of({"notebook": ["laptop"]}))
    )
    assert names_kind(plain, "There are 2 laptops.") < names_kind(asked, "There are 2 laptops.") == 1
    assert names_kind(asked, "There are 2 headsets.") < 1
    assert (answer.reason or "").endswith("The passage says “laptop” for “notebook”.")


def test_documents_that_differ_about_the_other_word_are_seen_to_differ(place: Place) -> None:
    for name, days in (("a", 26), ("b", 28)):
        place.write(
            f"everyone/{name}.md", f"# Rules {name}\n\nEverybody has {days} days of annual leave in a calendar year.\n"
        )
    place.ingest()
    answer = _answer(Engine(place.store), "How many days of vacation does everybody have?")
    assert "differ" in answer.text
    assert {"26", "28"} <= set(answer.text.replace("*", " ").split())


def test_of_a_wide_table_the_column_of_the_other_word_is_shown(place: Place) -> None:
    columns = ["Site", "Country", "Floors", "Desks", "Kitchens", "Lockers", "Plants", "Bells", "Keys", "Annual leave"]
    rows = [["Porto", "Portugal", "3", "40", "2", "80", "9", "1", "120", "26 days"]]
    rows += [["Lyon", "France", "2", "30", "1", "60", "7", "2", "90", "30 days"]]
    lines = [columns, ["---"] * len(columns), *rows]
    place.write("everyone/sites.md", "# Sites\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    place.ingest()
    answer = _answer(Engine(place.store), "How much vacation do people in Porto get?")
    assert "26 days" in answer.text
    assert "Plants" not in answer.text


def test_a_section_of_the_other_word_is_the_one_that_is_meant(place: Place) -> None:
    place.write(
        "everyone/absence.md",
        "# Absence\n\n## Annual leave\n\nAsk your line manager two weeks ahead.\n\n"
        "## Sick leave\n\nTell your line manager before nine, and ask for a form.\n",
    )
    place.ingest()
    engine = Engine(place.store)
    labels = engine.catalog.labels_of(EVERYONE)
    hits = engine.search("vacation", groups=EVERYONE, k=5)
    passages = build_context(hits, engine.catalog, labels=labels, budget=1500)
    found = [item for passage in passages for item in sentences_of(passage)]

    def left(synonyms: Synonyms) -> list[str]:
        asked = understand("Whom do I ask for vacation?", (), weigh=lambda term: 1.0, synonyms=synonyms)
        return [found[at].text for at in sorted(of_others(asked, found))]

    assert left(NONE) == []
    assert left(engine.synonyms()) == ["Tell your line manager before nine, and ask for a form."]
    question, first = "Whom do I ask for vacation?", "Ask your line manager two weeks ahead."
    plain, asked = (
        understand(question, (), weigh=lambda term: 1.0, synonyms=table) for table in (NONE, engine.synonyms())
    )
    features = [
        next(item.features for item in candidates(one, passages, engine.embedder) if item.text == first)
        for one in (plain, asked)
    ]
    assert features[0].section < features[1].section  # its heading says it
    assert features[0].around < features[1].around
    assert "vacat" in in_other_words(plain, passages, engine.embedder).akin
    assert "vacat" not in in_other_words(asked, passages, engine.embedder).akin  # the table knows it better


def test_chinese_words_find_each_other_too(place: Place) -> None:
    place.write("everyone/a.md", "# 考勤制度\n\n员工每天工作八小时。\n\n年假为十五天，须提前两周申请。\n")
    place.write("everyone/b.md", "# 食堂\n\n食堂每天十一点半开饭，有三种套餐。\n")
    place.ingest()
    engine = Engine(place.store)
    answer = _answer(engine, "带薪休假有多少天？")
    assert answer.sentences[0].text.startswith("年假为十五天")
    assert "“年假” for “带薪休假”" in (answer.reason or "")
    _table(engine.folder.root, "locker, box\n")
    assert _answer(engine, "带薪休假有多少天？").confidence < answer.confidence


def test_names_that_the_table_knows_are_not_missing(engine: Engine) -> None:
    answer = _answer(engine, "How many days of PTO does everybody have?")
    assert answer.sentences[0].text.startswith("Everybody has 26 days")
    assert "No passage that was found" not in (answer.reason or "")
    assert answer.confidence > MOST_UNSAID


def test_no_word_of_the_table_is_taken_for_a_slip_of_the_keys(place: Place) -> None:
    place.write("everyone/a.md", "# Notes\n\nThe vacation of the cook ends in May.\n")
    place.ingest()
    engine = Engine(place.store)
    labels = engine.catalog.labels_of(EVERYONE)

    def covered(table: str) -> Sequence[float]:
        _table(engine.folder.root, table)
        return [hit.legs["coverage"] for hit in engine.retriever.search("vocation", labels=labels, k=3)]

    assert covered("locker, box\n") != [0.0]
    assert covered("vocation, calling\n") == [0.0]


# --- what they do not touch ----------------------------------------------------------------------------------------


def test_the_check_of_written_sentences_knows_nothing_of_them(engine: Engine) -> None:
    asked = understand("How many vacation days?", (), weigh=lambda term: 1.0, synonyms=engine.synonyms())
    plain = understand("How many vacation days?", (), weigh=lambda term: 1.0)
    assert asked.covered(asked.terms_in("26 days of annual leave")) > plain.covered(
        plain.terms_in("26 days of annual leave")
    )
    assert asked.in_its_own_words == plain
    assert isinstance(plain, Asked)


def test_it_costs_next_to_nothing(tmp_path: Path) -> None:
    table = FollowedSynonyms(tmp_path)
    start = perf_counter()
    for _ in range(100):
        asking("How many vacation days do we get when we work from home and quit?", (), table())
    assert (perf_counter() - start) / 100 < 0.005
