"""Which passages of several that are alike, or of one document, are shown."""

from __future__ import annotations

from dataclasses import replace

from app.records import Hit
from app.retrieval.distinct import AGAIN, over_pages, spread, without_repeats
from storage.records import Chunk, StoredChunk
from storage.words import terms


def hit(document: str, position: int, body: str, score: float = 0.5) -> Hit:
    chunk = Chunk(
        id=f"{document}:{position}",
        revision_id=document,
        position=position,
        start=0,
        end=len(body),
        header="",
        body=body,
        section="",
        pages=(),
        tokens=1,
    )
    found = StoredChunk(chunk=chunk, document_id=document, path=f"{document}.md", title="", label=1, modified=None)
    return Hit(rank=0, score=score, found=found)


def near(hits: list[Hit]) -> dict[str, set[str]]:
    """Each is near each."""
    ids = {item.found.chunk.id for item in hits}
    return {name: ids - {name} for name in ids}


def test_the_same_text_in_several_files_is_one_hit_that_names_them() -> None:
    text = "Staff have thirty days of paid holiday in 2023, and more when they are older than fifty."
    copies = [hit("a", 0, text), hit("b", 0, text.upper()), hit("c", 0, text), hit("d", 0, "Something else.")]
    kept = without_repeats(copies, near(copies), terms)
    assert [(item.found.path, item.also) for item in kept] == [("a.md", ("b.md", "c.md")), ("d.md", ())]


def test_texts_that_differ_in_a_number_are_both_kept() -> None:
    reports = [
        hit("a", 0, "Revenue of the year 2022 was 5 million"),
        hit("b", 0, "Revenue of the year 2023 was 5 million"),
    ]
    assert len(without_repeats(reports, near(reports), terms)) == 2


def test_far_vectors_are_not_compared_and_one_document_repeats_itself() -> None:
    assert len(without_repeats([hit("a", 0, "x y z"), hit("b", 0, "x y z")], {}, terms)) == 2
    itself = [hit("a", 0, "x y z"), hit("a", 1, "x y z")]
    assert len(without_repeats(itself, near(itself), terms)) == 2


def test_no_document_takes_all_places_while_others_have_something() -> None:
    ranked = [hit("a", n, f"text {n}") for n in range(9)] + [hit("b", 0, "b"), hit("c", 0, "c"), hit("d", 0, "d")]
    assert [item.found.document_id for item in spread(ranked, 10, comparing=False)] == ["a"] * 7 + ["b", "c", "d"]
    assert [item.found.document_id for item in spread(ranked[:9], 10, comparing=False)] == ["a"] * 9  # nothing else
    assert len(spread(ranked, 3, comparing=False)) == 3
    assert [item.found.document_id for item in spread(ranked, 5, comparing=True)] == ["a"] * 5


def on_page(item: Hit, *pages: int) -> Hit:
    return replace(item, found=replace(item.found, chunk=replace(item.found.chunk, pages=pages)))


def test_another_page_comes_before_a_little_better_passage_of_one_that_is_shown() -> None:
    ranked = [
        on_page(hit("a", 0, "x", 0.60), 3),
        on_page(hit("a", 1, "x", 0.59), 3),
        on_page(hit("a", 2, "x", 0.58), 3, 4),
        on_page(hit("a", 3, "x", 0.55), 9),
        on_page(hit("b", 0, "x", 0.54), 3),
        on_page(hit("b", 1, "x", 0.10), 5),
    ]
    shown = over_pages(ranked)
    assert [item.found.chunk.id for item in shown] == ["a:0", "a:3", "b:0", "a:1", "a:2", "b:1"]
    assert [item.score for item in shown[3:5]] == [0.59 * AGAIN, 0.58 * AGAIN**2]


def test_where_there_are_no_pages_the_order_stays() -> None:
    ranked = [hit("a", n, "x", 0.5 - n / 100) for n in range(4)]
    assert over_pages(ranked) == ranked
