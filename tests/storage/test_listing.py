"""Lists of documents: in which order they come, and only for whom."""

from __future__ import annotations

from place import Place

from storage.catalog import Filter


def test_the_newest_come_first_where_that_is_asked_for(place: Place) -> None:
    for name in ("everyone/b.md", "everyone/a.md", "hr/c.md"):
        place.write(name, f"# Note {name}\n\nThe note is kept in drawer {name}.\n")
        place.ingest()
    catalog = place.store.catalog
    labels = catalog.labels_of(["everyone"])

    def listed(which: Filter, allowed: frozenset[int] | None) -> list[str]:
        return [item.path for item in catalog.documents_page(which, labels=allowed, limit=10)]

    assert listed(Filter(), None) == ["everyone/a.md", "everyone/b.md", "hr/c.md"]
    assert listed(Filter(newest_first=True), None) == ["hr/c.md", "everyone/a.md", "everyone/b.md"]
    assert listed(Filter(newest_first=True), labels) == ["everyone/a.md", "everyone/b.md"]
    assert catalog.readable_paths(labels=labels) == ["everyone/a.md", "everyone/b.md"]
    assert catalog.readable_paths(labels=frozenset()) == []
