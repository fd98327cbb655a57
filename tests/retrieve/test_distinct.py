"""Which passages of several that are alike, or of one document, are shown."""

from __future__ import annotations

from app.retrieval.distinct import AGAIN, Ranked, over_pages, spread, without_repeats
from storage.words import terms


def hit(document: str, position: int, score: float = 0.5, pages: tuple[int, ...] = ()) -> Ranked:
    return Ranked(
        id=f"{document}:{position}",
        document_id=document,
        path=f"{document}.md",
        pages=pages,
        score=score,
        quoted=0.0,
        legs={},
    )


def kept(bodies: dict[str, str], *, alike: bool = True) -> list[Ranked]:
    """What is left of documents of one passage each, by their names; of which each is near each or none is."""
    hits = [hit(name, 0) for name in bodies]
    texts = {f"{name}:0": body for name, body in bodies.items()}
    return without_repeats(
        hits, near(hits) if alike else {}, lambda names: {name: texts[name] for name in names}, terms
    )


def near(hits: list[Ranked]) -> dict[str, set[str]]:
    """Each is near each."""
    ids = {item.id for item in hits}
    return {name: ids - {name} for name in ids}


def test_the_same_text_in_several_files_is_one_hit_that_names_them() -> None:
    text = "Staff have thirty days of paid holiday in 2023, and more when they are older than fifty."
    left = kept({"a": text, "b": text.upper(), "c": text, "d": "Something else."})
    assert [(item.path, item.also) for item in left] == [("a.md", ("b.md", "c.md")), ("d.md", ())]


def test_texts_that_differ_in_a_number_are_both_kept() -> None:
    left = kept({"a": "Revenue of the year 2022 was 5 million", "b": "Revenue of the year 2023 was 5 million"})
    assert len(left) == 2


def test_far_vectors_are_not_compared_and_one_document_repeats_itself() -> None:
    assert len(kept({"a": "x y z", "b": "x y z"}, alike=False)) == 2
    itself = [hit("a", 0), hit("a", 1)]
    assert len(without_repeats(itself, near(itself), lambda names: dict.fromkeys(names, "x y z"), terms)) == 2


def test_what_has_gone_meanwhile_repeats_nothing() -> None:
    hits = [hit("a", 0), hit("b", 0)]
    assert without_repeats(hits, near(hits), lambda names: {}, terms) == hits


def test_no_document_takes_all_places_while_others_have_something() -> None:
    ranked = [hit("a", n) for n in range(9)] + [hit("b", 0), hit("c", 0), hit("d", 0)]
    assert [item.document_id for item in spread(ranked, 10, comparing=False)] == ["a"] * 7 + ["b", "c", "d"]
    assert [item.document_id for item in spread(ranked[:9], 10, comparing=False)] == ["a"] * 9  # nothing else
    assert len(spread(ranked, 3, comparing=False)) == 3
    assert [item.document_id for item in spread(ranked, 5, comparing=True)] == ["a"] * 5


def test_another_page_comes_before_a_little_better_passage_of_one_that_is_shown() -> None:
    ranked = [
        hit("a", 0, 0.60, (3,)),
        hit("a", 1, 0.59, (3,)),
        hit("a", 2, 0.58, (3, 4)),
        hit("a", 3, 0.55, (9,)),
        hit("b", 0, 0.54, (3,)),
        hit("b", 1, 0.10, (5,)),
    ]
    shown = over_pages(ranked)
    assert [item.id for item in shown] == ["a:0", "a:3", "b:0", "a:1", "a:2", "b:1"]
    assert [item.score for item in shown[3:5]] == [0.59 * AGAIN, 0.58 * AGAIN**2]


def test_where_there_are_no_pages_the_order_stays() -> None:
    ranked = [hit("a", n, 0.5 - n / 100) for n in range(4)]
    assert over_pages(ranked) == ranked
