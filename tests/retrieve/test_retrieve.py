"""Retrieval as a whole: the real model, a real Chroma in process, a small real collection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from place import Place

from app.engine import Engine
from app.records import Hit, Turn
from app.retrieval.retrieve import Retriever
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.embedder import Embedder
from storage.indexes import Indexes
from storage.matrix import Matrix
from storage.settings import load_settings
from storage.store import open_store
from storage.vectors import VectorIndex

EVERYONE = {
    "leave.md": "# Leave\n\nStaff have thirty days of paid holiday a year. Part-time staff have their share of it.",
    "travel.md": "# Travel\n\nBook trains early. Flights under four hours are in economy class.",
    "error.md": "# Messages\n\nThe code PX-4711 means that the pump has no pressure. Call the workshop.",
    "error2.md": "# Other messages\n\nThe code PX-4712 means that the pump is too hot. Wait an hour.",
    "vpn.md": "# Remote access\n\nThe remote network needs a certificate, which lasts one year.",
    "canteen.md": "# Canteen\n\nThe canteen opens at noon and serves soup on Wednesdays.",
    "printer.md": "# Printers\n\nPrinters on the second floor need a badge. To renew a badge, see the reception.",
    "zh/杭州办公室.md": "# 杭州办公室\n\n杭州办公室每天早上八点半开门,周末不开放。访客需要在前台登记。",
    "zh/年假.md": "# 年假规定\n\n员工每年有二十天带薪年假,需要提前两周申请。",
    "de/urlaub.md": "# Urlaub\n\nBeschäftigte haben dreißig Urlaubstage. Der Antrag geht an die Vorgesetzten.",
    "de/dienstreise.md": "# Dienstreisen\n\nFahrkarten werden vor der Dienstreise über das Reisebüro bestellt.",
}
SECRET = {
    "salaries.md": "# Holiday pay\n\nThe board has sixty days of paid holiday a year. PX-4711 opens the safe.",
}


@pytest.fixture(scope="module")
def office(embedder: Embedder, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = load_settings(tmp_path_factory.mktemp("office"), settle_seconds=0.0)
    settings.inbox_folder.mkdir()
    with open_store(settings) as opened:
        store = replace(opened, embedder=embedder)
        place = Place(
            settings=settings,
            store=store,
            pipeline=Pipeline(settings, store.indexes, store.originals, embedder, sandbox),
        )
        _fill(place)
        yield place


def _fill(place: Place) -> None:
    for group, files in (("everyone", EVERYONE), ("board", SECRET)):
        for path, text in files.items():
            place.write(f"{group}/{path}", text)
    place.ingest()


def search(place: Place, question: str, *groups: str, k: int = 5, history: Sequence[Turn] = ()) -> list[Hit]:
    retriever = Retriever(place.store.indexes, place.store.embedder)
    return retriever.search(question, labels=place.store.catalog.labels_of(groups), k=k, history=history)


def first(hits: Sequence[Hit]) -> str:
    return Path(hits[0].found.path).name


def test_both_legs_and_their_fusion_keep_to_the_labels(office: Place) -> None:
    question = "How many days of paid holiday does the board have?"
    assert first(search(office, question, "board", "everyone")) == "salaries.md"
    assert all("board/" not in hit.found.path for hit in search(office, question, "everyone", k=50))
    assert all("board/" in hit.found.path for hit in search(office, question, "board", k=50))
    assert search(office, question) == []
    everyone = office.store.catalog.labels_of(["everyone"])
    secret = {hit.found.chunk.id for hit in search(office, question, "board", k=50)}
    vector = office.store.embedder.encode_questions([question])[0]
    words = office.store.indexes.search_keywords(question, labels=everyone, k=50)
    meaning = office.store.indexes.search_vectors(vector, labels=everyone, k=50)
    assert words
    assert meaning
    assert not secret & {hit.id for hit in [*words, *meaning]}
    assert office.store.catalog.candidates(sorted(secret), labels=everyone) == {}


def test_a_deleted_document_is_gone_although_the_indexes_still_name_it(office: Place) -> None:
    question = "When does the canteen serve soup?"
    gone = search(office, question, "everyone")[0].found
    assert gone.path.endswith("canteen.md")
    office.store.catalog.delete_documents([gone.document_id])  # the indexes have not been told
    labels = office.store.catalog.labels_of(["everyone"])
    assert gone.chunk.id in {hit.id for hit in office.store.indexes.search_keywords(question, labels=labels, k=5)}
    hits = search(office, question, "everyone")
    assert hits
    assert gone.chunk.id not in {hit.found.chunk.id for hit in hits}
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_a_language_the_embedder_does_not_know_is_decided_by_words(office: Place) -> None:
    assert first(search(office, "杭州办公室几点开门?", "everyone")) == "杭州办公室.md"
    assert first(search(office, "年假要提前多久申请?", "everyone")) == "年假.md"
    assert first(search(office, "Wie viele Urlaubstage haben Beschäftigte?", "everyone")) == "urlaub.md"


def test_an_exact_identifier_wins(office: Place) -> None:
    assert first(search(office, "What does PX-4711 mean?", "everyone")) == "error.md"
    assert first(search(office, "What does PX-4712 mean?", "everyone")) == "error2.md"
    assert first(search(office, "px-4712", "everyone")) == "error2.md"


def test_what_is_quoted_wins_over_what_is_nearer(office: Place) -> None:
    question = "How many days of paid holiday do staff have a year"
    assert first(search(office, f"{question}?", "everyone")) == "leave.md"
    assert first(search(office, f'{question}, in "second floor need a badge"?', "everyone")) == "printer.md"
    assert (
        first(search(office, f'{question}, in "second badge need a floor"?', "everyone")) == "leave.md"
    )  # said nowhere


def test_meaning_finds_what_words_do_not(office: Place) -> None:
    assert first(search(office, "How much vacation do employees get?", "everyone")) == "leave.md"


def test_a_follow_up_inherits_from_the_turns_before(office: Place) -> None:
    history = [
        Turn(role="user", content="What certificate does the remote network need?"),
        Turn(role="assistant", content="A personal one."),
    ]
    assert first(search(office, "How do I renew it?", "everyone")) == "printer.md"
    assert first(search(office, "How long does it last?", "everyone", history=history)) == "vpn.md"


def test_scores_are_comparable_and_the_order_is_always_the_same(office: Place) -> None:
    good = search(office, "How many days of paid holiday do staff have a year?", "everyone", k=20)
    poor = search(office, "Which composer wrote the opera about Figaro?", "everyone", k=20)
    for hits in (good, poor):
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        for hit in hits:
            assert 0 <= hit.score <= 1
            assert 0 <= hit.legs["coverage"] <= 1
            assert set(hit.legs) == {"vector", "keyword", "coverage"}
    assert good[0].score > 0.5 > poor[0].score
    again = search(office, "How many days of paid holiday do staff have a year?", "everyone", k=20)
    assert [(hit.found.chunk.id, hit.score) for hit in again] == [(hit.found.chunk.id, hit.score) for hit in good]


def test_a_question_without_words_finds_what_meaning_finds_and_breaks_nothing(office: Place) -> None:
    for question in ("?!", "the", "的", "  ", "🙂", "a" * 3000):
        assert all(0 <= hit.score <= 1 for hit in search(office, question, "everyone"))


def test_without_the_vector_index_words_find_and_the_answer_says_so(office: Place, tmp_path: Path) -> None:
    indexes = office.store.indexes
    gone = VectorIndex.server("127.0.0.1", 1, Matrix(tmp_path))  # nobody listens there, and there is no matrix
    store = replace(office.store, indexes=Indexes(indexes.catalog, indexes.keywords, gone))
    engine = Engine(store)
    hits = engine.search("Which certificate does the remote network need?", groups=["everyone"])
    assert first(hits) == "vpn.md"
    assert all("words_only" in hit.legs for hit in hits)
    answer = engine.answer("Which certificate does the remote network need?", groups=["everyone"])
    assert answer.notice is not None
    assert "words alone" in answer.notice
    assert Engine(office.store).answer("Which certificate does it need?", groups=["everyone"]).notice is None


def test_the_order_of_hits_tells_nothing_of_what_one_may_not_read(office: Place) -> None:
    """Two words equally rare for everyone weigh the same, although one is common in the board's documents."""
    office.write("everyone/one.md", "# One\n\nquokka.")
    office.write("everyone/two.md", "# Two\n\nnumbat.")
    office.ingest()
    everyone = office.store.catalog.labels_of(["everyone"])

    def scores() -> list[float]:
        hits = office.store.indexes.search_keywords("quokka numbat", labels=everyone, k=5)
        return [hit.score for hit in hits]

    before = scores()
    assert before[0] == pytest.approx(before[1])
    for number in range(8):
        office.write(f"board/animal {number}.md", f"# Animal {number}\n\nquokka.")
    office.ingest()
    after = scores()
    assert after[0] == pytest.approx(after[1], rel=1e-3)
