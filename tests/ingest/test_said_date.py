"""The day that a document says it is from: read from its text, before what the file notes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest

from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from storage.records import Parsed

BODY = "Badges are handed out at the reception.\n"


def _read(folder: Path, content: str, name: str = "a.md") -> Parsed:
    path = folder / name
    path.write_text(content)
    return parse(path, suffix=path.suffix, limits=ParseLimits())


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Date: 2024-03-01", "2024-03-01"),
        ("**Effective date:** 1 March 2024", "2024-03-01"),
        ("Effective from 1st April 2023", "2023-04-01"),
        ("Valid from: March 3rd, 2024", "2024-03-03"),
        ("_Last updated: Apr. 29, 2022_", "2022-04-29"),
        ("Last Updated: October 2021", "2021-10-01"),
        ("Owner: People team | Last reviewed: 2024/05/02", "2024-05-02"),
        ("Version 2.3, 12 March 2024", "2024-03-12"),
        ("v4 (2024-03-12)", "2024-03-12"),
        ("Date: 26/07/2002", "2002-07-26"),
        ("Date: 07/26/2002", "2002-07-26"),
        ("Stand: 01.03.2024", "2024-03-01"),
        ("Stand: 03/2024", "2024-03-01"),
        ("Gültig ab 1. März 2024", "2024-03-01"),
        ("Fassung 2.0 vom 12.03.2024", "2024-03-12"),
        ("Zuletzt geändert am 2. Mai 2023", "2023-05-02"),
        ("Dernière mise à jour : 1er août 2024", "2024-08-01"),
        ("En vigueur depuis le 3 février 2024", "2024-02-03"),
        ("Fecha: 5 de marzo de 2024", "2024-03-05"),
        ("Ultimo aggiornamento: 4 giugno 2024", "2024-06-04"),
        ("Laatst bijgewerkt op 4 mei 2024", "2024-05-04"),
        ("生效日期：2024年3月1日", "2024-03-01"),
        ("12 March 2024", "2024-03-12"),
        ("Ulm, den 12. März 2024", "2024-03-12"),
    ],
)
def test_a_line_that_says_when_it_is_from_is_read(tmp_path: Path, line: str, day: str) -> None:
    marked = line[0] in "*_"
    for name in ("a.md",) if marked else ("a.md", "a.txt"):
        found = _read(tmp_path, f"# Badges\n\n{line}\n\n{BODY}", name)
        assert found.created == found.modified == datetime.fromisoformat(day).replace(tzinfo=UTC), name


@pytest.mark.parametrize(
    "line",
    [
        "Date: 03/04/2024",  # of March or of April
        "Date: 2024-13-45",
        "Date of birth: 1980-03-01",
        "Next review: 2027-01-01",
        "Valid until: 2027-01-01",
        "The office is closed on 24 December 2024.",
        "Updated rooms open on 1 March 2024",
        "Version 2.3",
        "Datum",
        f"Date: {'x' * 100} 2024-03-01",
        "| Day | Event |\n| --- | --- |\n| 2024-03-01 | Party |",
        "| Date | Event |\n| --- | --- |\n| 2024-03-01 | Party |",
        "```\nDate: 2024-03-01\n```",
    ],
)
def test_other_days_are_not(tmp_path: Path, line: str) -> None:
    assert _read(tmp_path, f"# Badges\n\n{line}\n\n{BODY}").created is None


def test_a_change_counts_before_the_day_from_which_it_holds_and_the_latest_of_several(tmp_path: Path) -> None:
    both = "Effective: 2025-01-01\n\nLast updated: 2023-02-01\n\nLast updated: 2024-02-01\n\n"
    assert _read(tmp_path, f"# Badges\n\n{both}{BODY}").created == datetime(2024, 2, 1, tzinfo=UTC)


def test_a_table_of_versions_and_one_of_labels_are_read(tmp_path: Path) -> None:
    versions = "| Version | Date | Author |\n| --- | --- | --- |\n| 1 | 2022-03-20 | Jo |\n| 2 | 2023-05-31 | Al |\n\n"
    assert _read(tmp_path, f"# Badges\n\n{versions}{BODY}").created == datetime(2023, 5, 31, tzinfo=UTC)
    labels = "| Owner | Reception |\n| --- | --- |\n| Effective date | 1 March 2024 |\n\n"
    assert _read(tmp_path, f"# Badges\n\n{labels}{BODY}").created == datetime(2024, 3, 1, tzinfo=UTC)


def test_it_is_looked_for_at_the_beginning_and_with_a_label_at_the_end(tmp_path: Path) -> None:
    long = f"# Badges\n\n{(BODY + chr(10)) * 40}"
    assert _read(tmp_path, f"{long}Last updated: 2024-02-01\n").created == datetime(2024, 2, 1, tzinfo=UTC)
    assert _read(tmp_path, f"{long}1 February 2024\n").created is None
    assert _read(tmp_path, f"{long}Date: 2024-02-01\n\n{(BODY + chr(10)) * 10}").created is None


def test_it_counts_before_what_the_file_notes(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Badges")
    document.add_paragraph("Effective date: 1 March 2024")
    document.add_paragraph(BODY)
    document.core_properties.created = document.core_properties.modified = datetime(2019, 5, 6, tzinfo=UTC)
    document.save(str(tmp_path / "a.docx"))
    found = parse(tmp_path / "a.docx", suffix=".docx", limits=ParseLimits())
    assert found.created == found.modified == datetime(2024, 3, 1, tzinfo=UTC)
    front = _read(tmp_path, f"---\ndate: 2020-01-01\n---\n# Badges\n\nLast updated: 2024-02-01\n\n{BODY}")
    assert front.created == datetime(2024, 2, 1, tzinfo=UTC)
    assert _read(tmp_path, f"---\ndate: 2020-01-01\n---\n# Badges\n\n{BODY}").created == datetime(
        2020, 1, 1, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "Version,Date\n1,2024-03-01\n"),
        ("a.yaml", "name: badges\ndate: 2024-03-01\n"),
        ("a.eml", "From: jo@x.example\nSubject: Badges\n\nDate: 2024-03-01\n\nBadges are blue.\n"),
    ],
)
def test_days_of_data_and_of_mails_are_left_to_them(tmp_path: Path, name: str, content: str) -> None:
    assert _read(tmp_path, content, name).created is None
