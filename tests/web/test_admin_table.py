"""The table of files on the administrator's page."""

from __future__ import annotations

from app.ui.admin import filled


def test_a_column_stands_only_where_a_row_has_something_in_it() -> None:
    rows: list[dict[str, object]] = [{"Path": "a", "Why": "", "Tries": 0}, {"Path": "b", "Why": "", "Tries": 2}]
    assert filled(rows) == [{"Path": "a", "Tries": 0}, {"Path": "b", "Tries": 2}]
    assert filled([{"Path": "a", "Why": "encrypted"}]) == [{"Path": "a", "Why": "encrypted"}]
    assert filled([]) == []
