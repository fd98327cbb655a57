"""Large and empty sheets: rows that are found, a summary of the sheet, and no time lost on nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from ingest.sandbox import Sandbox
from storage.failures import Code, ParseFailure
from storage.records import Kind


def test_a_long_sheet_is_summed_up(tmp_path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Orders")
    sheet.append(["Order", "Site", "Amount", "Day"])
    for number in range(3000):
        sheet.append(
            [f"A-{number:05}", "Suzhou" if number % 3 else "Erfurt", number / 2, f"2026-01-{number % 28 + 1:02}"]
        )
    book.save(tmp_path / "a.xlsx")
    found = parse(tmp_path / "a.xlsx", suffix=".xlsx", limits=ParseLimits())
    note = next(element for element in found.elements if element.kind is Kind.NOTE)
    assert note.text.split("\n") == [
        "The sheet Orders has 3,000 rows and 4 columns.",
        "Order: 3,000 values, all different, such as A-00000, A-00001, A-00002",
        "Site: 3,000 values, 2 different; most often Suzhou (2,000), Erfurt (1,000)",
        "Amount: 3,000 values, from 0 to 1499.5, average 749.75, total (sum) 2249250",
        "Day: 3,000 values, from 2026-01-01 to 2026-01-28",
    ]
    table = next(element for element in found.elements if element.kind is Kind.TABLE)
    assert table.rows[2999].address == "A3001:D3001"
    assert table.text.endswith("Order: A-02999 | Site: Suzhou | Amount: 1499.5 | Day: 2026-01-04")


@pytest.mark.slow
def test_a_million_empty_rows_end_within_the_limits(tmp_path: Path) -> None:
    book = Workbook()
    book.active["A1"] = "Only this"  # type: ignore[index]
    book.save(tmp_path / "small.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "small.xlsx") as old,
        zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                rows = b"".join(b'<row r="%d"><c r="A%d" s="0"/></row>' % (n, n) for n in range(2, 1_000_001))
                data = data.replace(b"</sheetData>", rows + b"</sheetData>")
            new.writestr(entry, data)
    with Sandbox(ParseLimits(seconds=100)) as sandbox:
        found = sandbox.parse(tmp_path / "a.xlsx", ".xlsx")
    assert [element.text for element in found.elements] == ["Only this"]


def test_too_many_cells_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Name,Value\n" + "x,1\n" * 2000)
    with pytest.raises(ParseFailure, match="max_cells") as caught:
        parse(tmp_path / "a.csv", suffix=".csv", limits=ParseLimits(max_cells=1000))
    assert caught.value.code is Code.TOO_LARGE


def test_a_cell_over_several_rows_is_said_in_each_of_them(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Region", "Month", "Sales"], ["North", "May", 1], [None, "June", 2], ["South", "May", 3]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "merged.xlsx")
    found = parse(tmp_path / "merged.xlsx", suffix=".xlsx", limits=ParseLimits())
    assert found.elements[-1].text.split("\n")[1] == "Region: North | Month: June | Sales: 2"


def merged(path: Path, rows: list[list[object]], *ranges: str) -> list[str]:
    """The lines of the table of a sheet with these rows, of which some cells are made one."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cells in ranges:
        sheet.merge_cells(cells)
    book.save(path)
    return parse(path, suffix=".xlsx", limits=ParseLimits()).elements[-1].text.split("\n")


def test_groups_of_columns_are_said_before_the_names_of_their_columns(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Region", "Sales", None, "Staff", None],
        [None, 2024, 2025, "Women", "Men"],
        ["North", 10, 20, 3, 4],
    ]
    assert merged(tmp_path / "a.xlsx", rows, "A1:A2", "B1:C1", "D1:E1") == [
        "Region: North | Sales: 2024: 10 | Sales: 2025: 20 | Staff: Women: 3 | Staff: Men: 4"
    ]
    above: list[list[object]] = [[None, "Group", None, "Holding", None], *rows]
    assert merged(tmp_path / "b.xlsx", above, "A2:A3", "B1:C1", "D1:E1", "B2:C2", "D2:E2") == [
        "Region: North | Group: Sales: 2024: 10 | Group: Sales: 2025: 20"
        " | Holding: Staff: Women: 3 | Holding: Staff: Men: 4"
    ]


def test_a_name_over_two_columns_of_data_is_no_group(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Name", None, "Age"], ["Anna", "Smith", 34], ["Ben", "Jones", 41]]
    assert merged(tmp_path / "a.xlsx", rows, "A1:B1")[0].endswith("Age: 34")
    rows = [["Name", None, "Town"], ["Anna", "Smith", "Durham"], ["Ben", "Jones", "Suzhou"]]
    assert "Anna" in merged(tmp_path / "b.xlsx", rows, "A1:B1")[0]


def test_ranges_of_merged_cells_over_the_whole_sheet_cost_nothing(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Region", "Month", "Sales"])
    sheet.append(["North", "May", 1])
    for column in "DEFGHIJKLMNOPQRSTUVWXYZ":
        sheet.merged_cells.add(f"{column}1:{column}1048576")
    book.save(tmp_path / "merged.xlsx")
    found = parse(tmp_path / "merged.xlsx", suffix=".xlsx", limits=ParseLimits())
    assert found.elements[-1].text == "Region: North | Month: May | Sales: 1"
