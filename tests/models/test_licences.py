"""Licence texts recognised by their words, changed ones told apart, and what follows from each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from models.made import LICENCES, whole

from app.models.check import Report, check
from app.models.licences import licences, recognise

APACHE = (LICENCES / "Apache-2.0.txt").read_text(encoding="utf-8")
MIT = (LICENCES / "MIT.txt").read_text(encoding="utf-8")
BSD = (LICENCES / "BSD-3-Clause.txt").read_text(encoding="utf-8")
CHANGED = "(b) You must cause any modified files to carry prominent notices stating that You changed the files; and"
LLAMA = (
    "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\n\n"
    "a. Grant of Rights. You are granted a non-exclusive, worldwide, non-transferable and royalty-free limited license "
    "under Meta's intellectual property or other rights.\n"
    '(B) prominently display "Built with Llama" on a related website, user interface, blogpost, about page, or '
    "product documentation.\niv. Your use must comply with applicable laws and adhere to the Acceptable Use Policy for "
    "the Llama Materials.\n2. Additional Commercial Terms. If the users of the products is greater than 700 million "
    "monthly active users in the preceding calendar month, you must request a license from Meta.\n"
    + "And so on. "
    * 120
)


def with_licence(tmp_path: Path, text: str, file: str = "LICENSE", card: str | None = None) -> Report:
    folder = whole(tmp_path / "m")
    (folder / "LICENSE").unlink()
    if text:
        (folder / file).write_text(text, encoding="utf-8")
    if card is not None:
        (folder / "README.md").write_text(card, encoding="utf-8")
    return check(folder)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


@pytest.mark.parametrize("file", sorted(LICENCES.glob("*.txt")), ids=lambda file: file.stem)
def test_every_text_is_recognised_as_itself(file: Path) -> None:
    found = recognise(file.read_text(encoding="utf-8"), file.name)
    assert [(match.licence.id, match.differences) for match in found] == [(file.stem, ())]


def test_every_text_has_an_entry_and_every_entry_a_text_or_sentences() -> None:
    texts = {file.stem for file in LICENCES.glob("*.txt")}
    assert texts - set(licences()) == set()
    assert [one.id for one in licences().values() if one.id not in texts and not (one.phrases and one.titles)] == []


@pytest.mark.parametrize(
    "text",
    [
        APACHE.replace("[yyyy] [name of copyright owner]", "2024 Example Cloud"),
        APACHE.split("APPENDIX")[0],
        APACHE.replace('"', "”").replace("\n", "\r\n").upper(),
        APACHE.split("\n", 3)[3],
    ],
    ids=["filled in", "without appendix", "quotes and capitals", "without title"],
)
def test_what_a_licence_leaves_open_is_no_change(text: str) -> None:
    assert [(match.licence.id, match.differences) for match in recognise(text, "x")] == [("Apache-2.0", ())]


@pytest.mark.parametrize(
    ("text", "base", "told"),
    [
        (APACHE.replace("no-charge, royalty-free", "no-charge, royalty-bearing", 1), "Apache-2.0", "bearing"),
        (APACHE.replace("6. Trademarks.", "6. No use by banks.\n\n7. Trademarks."), "Apache-2.0", "No use by banks"),
        (APACHE.replace(CHANGED, ""), "Apache-2.0", "prominent notices"),
        (MIT.replace("without restriction", "for academic purposes"), "MIT", "academic"),
        (MIT.replace("sublicense, and/or sell", "sublicense, but not sell"), "MIT", "not"),
        (BSD.replace("modification, are permitted", "modification, are not permitted"), "BSD-3-Clause", "not"),
        (APACHE + "\n\nCommons Clause. " + "This does not include the right to sell. " * 5, "Apache-2.0", "to sell"),
        (MIT[:-120], "MIT", "DEALINGS"),
    ],
    ids=[
        "a word",
        "a clause added",
        "a clause gone",
        "MIT's grant",
        "MIT's selling",
        "BSD's not",
        "appended",
        "an end cut off",
    ],
)
def test_one_changed_clause_makes_it_another_licence(tmp_path: Path, text: str, base: str, told: str) -> None:
    report = with_licence(tmp_path, text)
    assert report.licensing.name == f"modified {base}"
    finding = next(finding for finding in report.refused if finding.code == "licence-modified")
    assert told in finding.says
    assert report.openness.level.value == "open weights"


def test_two_licences_in_one_file_both_hold() -> None:
    assert [match.licence.id for match in recognise(f"{APACHE}\n\n{MIT}", "x")] == ["Apache-2.0", "MIT"]
    assert [match.modified for match in recognise(f"{APACHE}\n\n{MIT}", "x")] == [False, False]


def test_no_licence_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    assert {finding.code for finding in with_licence(tmp_path, "").refused} == {"no-licence"}
    report = with_licence(tmp_path / "x", "You may use this on Tuesdays. " * 30)
    assert {finding.code for finding in report.refused} == {"licence-unknown"}


def test_a_community_licence_says_what_it_wants(tmp_path: Path) -> None:
    report = with_licence(tmp_path, LLAMA)
    assert report.refused == []
    assert report.licensing.name == "LLAMA-3.1"
    assert {"user-limit", "field-of-use", "attribution"} <= codes(report)
    said = json.dumps(report.licensing.as_json(), ensure_ascii=False)
    assert "Built with Llama" in said
    assert "700,000,000" in said
    assert report.openness.level.value == "open weights"


def test_a_community_licence_without_one_of_its_sentences_is_changed(tmp_path: Path) -> None:
    report = with_licence(tmp_path, LLAMA.replace("700 million", "7 million"))
    assert {finding.code for finding in report.refused} == {"licence-modified"}


@pytest.mark.parametrize(
    ("card", "name", "code"),
    [
        ("---\nlicense: mit\n---\n", "MIT", "licence-text-missing"),
        ("---\nlicense: cc-by-nc-4.0\n---\n", "CC-BY-NC-4.0", "non-commercial"),
        ("---\nlicense: gemma\n---\n", "GEMMA", "field-of-use"),
        ("---\nlicense: other\nlicense_name: mrl\n---\n", "MRL", "non-commercial"),
        ("---\nlicense: my-own\n---\n", "unknown", "licence-unknown"),
        ("---\nlicense: [\n---\n", "unknown", "no-licence"),
    ],
)
def test_the_model_card_is_a_claim(tmp_path: Path, card: str, name: str, code: str) -> None:
    report = with_licence(tmp_path, "", card=card)
    assert report.licensing.name == name
    assert code in codes(report)


def test_text_and_claim_that_differ_are_both_applied(tmp_path: Path) -> None:
    report = with_licence(tmp_path, APACHE, card="---\nlicense: cc-by-nc-4.0\n---\n")
    assert {"licence-contradiction", "non-commercial"} <= codes(report)


def test_fully_open_needs_evidence(tmp_path: Path) -> None:
    card = "---\nlicense: apache-2.0\ndatasets:\n- company/corpus\n---\nThe training code is public.\n"
    report = with_licence(tmp_path, APACHE, card=card)
    assert report.openness.level.value == "fully open"
    assert any("company/corpus" in line for line in report.openness.evidence)


@pytest.mark.parametrize(
    "text",
    [
        f"{MIT}\n\nThe Software shall not be used by companies.",
        f"For non-commercial use only.\n\n{MIT}",
        f"{APACHE}\n\nCommercial use is prohibited.\n",
        MIT.replace("<copyright holders>", "Foo. No commercial use"),
        f"MIT License (research use only)\n\n{MIT}",
        MIT + " Every user pays what the author asks." * 100,
    ],
    ids=["after", "before", "after a long one", "in the line of the copyright", "in the heading", "longer than itself"],
)
def test_a_few_words_around_a_licence_can_be_terms(tmp_path: Path, text: str) -> None:
    assert {finding.code for finding in with_licence(tmp_path, text).refused} == {"licence-modified"}


def test_a_licence_quoted_in_a_long_card_is_that_licence(tmp_path: Path) -> None:
    card = "# A model\n" + "It writes what it must. " * 300 + f"\n\n{MIT}"
    report = with_licence(tmp_path, "", card=card)
    assert (report.licensing.name, report.refused) == ("MIT", [])


def test_every_licence_of_a_list_holds(tmp_path: Path) -> None:
    report = with_licence(tmp_path, "", card="---\nlicense: [mit, cc-by-nc-4.0]\n---\n")
    assert report.licensing.name == "MIT and CC-BY-NC-4.0"
    assert {finding.code for finding in report.refused} == {"non-commercial"}


def test_a_licence_in_a_folder_holds_too(tmp_path: Path) -> None:
    report = with_licence(tmp_path / "m", APACHE)
    (report.directory / "LICENSES").mkdir()
    (report.directory / "LICENSES" / "weights.txt").write_text((LICENCES / "CC-BY-NC-4.0.txt").read_text())
    assert {finding.code for finding in check(report.directory).refused} == {"non-commercial"}


def test_a_card_that_speaks_against_its_licence_is_pointed_to(tmp_path: Path) -> None:
    card = "---\nlicense: mit\n---\nThis model is for non-commercial research only.\n"
    report = with_licence(tmp_path, MIT, card=card)
    assert "licence-contradiction" in codes(report)
    assert report.refused == []


def test_a_licence_too_long_to_be_one_is_unknown_rather_than_absent(tmp_path: Path) -> None:
    assert {finding.code for finding in with_licence(tmp_path, "x" * 300_000).refused} == {"licence-unknown"}
