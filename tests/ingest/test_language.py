"""The language of passages, and that it is kept with what is known of a document."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from place import Place

from ingest.language import language_of, languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The notice period is three months to the end of a quarter.", "en"),
        ("Die Kündigungsfrist beträgt drei Monate zum Ende eines Quartals.", "de"),
        ("Le préavis est de trois mois avant la fin du trimestre.", "fr"),
        ("El plazo de preaviso es de tres meses antes del fin del trimestre.", "es"),
        ("通知期为三个月，以季度末为准。HG-40", "zh"),
        ("通知期間は四半期末の三か月前です。", "ja"),
        ("통지 기간은 분기 말까지 3개월입니다.", "ko"),
        ("12 | 30 | HG-40", None),
    ],
)
def test_language_of_a_passage(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_numbers_take_the_language_of_their_document() -> None:
    german = "Die Kündigungsfrist beträgt drei Monate zum Ende eines Quartals."
    assert languages([german, "12 | 30 | HG-40", "The notice period is three months, as the law says."]) == [
        "de",
        "de",
        "en",
    ]
    assert languages(["12 | 30"]) == [None]


def test_metadata_is_kept_and_given_out(place: Place) -> None:
    page = (
        "<html><head><title>Frist</title><meta name='author' content='Mia Wong'>"
        "<meta name='dcterms.created' content='2024-03-05'></head><body>"
        "<p>Die Kündigungsfrist beträgt drei Monate zum Ende eines Quartals.</p></body></html>"
    )
    file = place.write("everyone/frist.html", page)
    place.ingest()
    labels = place.store.catalog.labels_of(["everyone"])
    (document,) = place.store.catalog.documents(labels=labels)
    assert (document.author, document.language, document.flags) == ("Mia Wong", "de", ())
    assert document.made == datetime(2024, 3, 5, tzinfo=UTC)
    assert document.modified == datetime.fromtimestamp(file.stat().st_mtime_ns / 1e9, UTC)
    assert document.revision
    revision = place.store.catalog.revision(document.revision, labels=labels)
    assert (revision.author, revision.made, revision.language) == (document.author, document.made, "de")
    chunk = place.store.catalog.chunks_by_id([f"{document.revision}:0"], labels=labels)[f"{document.revision}:0"]
    assert (chunk.chunk.language, chunk.author, chunk.made) == ("de", "Mia Wong", document.made)
