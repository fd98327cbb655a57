"""What is said of a question set that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.evaluation.questions import read_questions
from storage.errors import QuestionError


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "broken', "line 2, is no question: Unterminated string"),
        ('["How long?"]', "it is no JSON object"),
        ('{"files": ["a.md"]}', "it has no 'question'"),
        ('{"question": "How long?", "files": "a.md"}', "'files' is no list"),
        ('{"question": "How long?", "groups": "everyone"}', "'groups' is no list"),
        ('{"question": "How long?", "history": [{"content": "Hello"}]}', "it has no 'role'"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(f'{{"question": "How long?", "files": ["a.md"]}}\n{line}\n')
    with pytest.raises(QuestionError, match="line 2") as caught:
        read_questions(file)
    assert said in str(caught.value)
