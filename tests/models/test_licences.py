"""Licence texts recognised by their words, changed ones told apart, and what follows from each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from textwrap import fill
from time import process_time

import pytest
from models.made import LICENCES, whole

from app.models.check import Report, check
from app.models.licences import licences, recognise

APACHE = (LICENCES / "Apache-2.0.txt").read_text(encoding="utf-8")
MIT = (LICENCES / "MIT.txt").read_text(encoding="utf-8")
BSD = (LICENCES / "BSD-3-Clause.txt").read_text(encoding="utf-8")
CHANGED = "(b) You must cause any modified files to carry prominent notices stating that You changed the files; and"
LLAMA = (LICENCES / "LLAMA-3.1.txt").read_text(encoding="utf-8")
GEMMA = (LICENCES / "GEMMA@2025-03-24.txt").read_text(encoding="utf-8")


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


def parts(text: str) -> list[str]:
    return re.split(r"\n[ \t]*\n", text)


def wrapped(columns: int) -> Callable[[str], str]:
    return lambda text: "\n\n".join(fill(part, columns, break_long_words=False) for part in parts(text))


def markdown(text: str) -> str:
    """With headings, bullets, quotes, emphasis and what has to be escaped."""
    made = []
    for at, part in enumerate(parts(re.sub(r"([_*\[\]])", r"\\\1", text))):
        words = part.split(" ")
        if at == 0 or (len(part) < 80 and "\n" not in part.strip()):
            made.append("## " + part.strip().replace("\n", "\n## "))
        elif at % 3 == 0:
            made.append("- " + " ".join(part.split()))
        elif at % 3 == 1:
            made.append(" ".join([f"**{words[0]}**", *words[1:]]))
        else:
            made.append("> " + part.replace("\n", "\n> "))
    return "\n\n".join(made)


def curly(text: str) -> str:
    """As a text program sets quotes and dashes."""
    text = re.sub(r"(\w)'(\w)", r"\1’\2", re.sub(r'"([^"]*)"', r"“\1”", text))
    return text.replace(" - ", " — ").replace("--", "—").replace("-", "‑")


def headings(text: str) -> str:
    return "\n\n".join(part.upper() if len(part) < 90 and "\n" not in part else part for part in parts(text))


STRAIGHT = str.maketrans("“”‘’—–", "\"\"''--")
FORMS: list[Callable[[str], str]] = [
    lambda text: text,
    wrapped(60),
    wrapped(72),
    wrapped(80),
    wrapped(100),
    lambda text: "\ufeffCopyright (c) 2023-2025 Example GmbH. All rights reserved.\n\n" + text.replace("\n", "\r\n"),
    lambda text: text.replace("\n", "\r"),
    lambda text: text.replace("\n", "\n\t").replace("    ", "\t"),
    lambda text: "\n".join(f"<p>{escape(part)}</p>" for part in parts(text)),
    lambda text: " ".join(text.split()),
    lambda text: headings(text).translate(STRAIGHT),
    markdown,
    curly,
]


@pytest.mark.parametrize("file", sorted(LICENCES.glob("*.txt")), ids=lambda file: file.stem)
def test_every_text_is_recognised_as_itself_however_it_is_set(file: Path) -> None:
    """Wrapped anew, from another system, as Markdown, as HTML and what is left of it, with other quotes and dashes."""
    text, expected = file.read_text(encoding="utf-8"), [(file.stem.partition("@")[0], ())]
    for at, form in enumerate(FORMS):
        found = recognise(form(text), file.name)
        assert [(match.licence.id, match.differences) for match in found] == expected, at


NEGATED = (
    (r"\bmay\b(?! not)", "may not"),
    (r"\bshall\b(?! not)", "shall not"),
    (r"\bmust\b(?! not)", "need not"),
    (r"\bnot ", ""),
    (r"[0-9]+(?= (?:million|days|percent|employees))", "7"),
)


@pytest.mark.parametrize("file", sorted(LICENCES.glob("*.txt")), ids=lambda file: file.stem)
def test_a_word_negated_and_a_number_changed_are_told(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for word, other in NEGATED:
        changed = re.sub(word, other, text, count=1)
        found = recognise(changed, file.name)
        assert changed == text or any(match.modified for match in found), word


def test_every_text_has_an_entry_and_every_entry_a_text() -> None:
    assert {file.stem.partition("@")[0] for file in LICENCES.glob("*.txt")} == set(licences())


@pytest.mark.parametrize("file", sorted(LICENCES.glob("*.txt")), ids=lambda file: file.stem)
def test_a_clause_put_into_any_text_and_a_word_taken_out_are_told(file: Path) -> None:
    words = file.read_text(encoding="utf-8").split(" ")
    middle = len(words) * 2 // 3
    for text, told in (
        ([*words[:middle], "Sharks of the licensor eat first.", *words[middle:]], "Sharks of the licensor"),
        (words[:middle] + words[middle + 12 :], ""),
    ):
        found = recognise(" ".join(text), file.name)
        assert any(match.modified for match in found)
        assert any(told in place.text_says for match in found for place in match.differences)


@pytest.mark.parametrize(
    "text",
    [
        APACHE.replace("[yyyy] [name of copyright owner]", "2024 Example Cloud"),
        APACHE.split("APPENDIX")[0],
        APACHE.replace('"', "”").replace("\n", "\r\n").upper(),
        APACHE.split("\n", 3)[3],
        f"Copyright 2018- The Hugging Face team. All rights reserved.\n\n{APACHE}",
        f"# LICENSE\n\nPortions copyright (c) 2024 Example Research GmbH and its contributors\n\n```\n{APACHE}\n```\n",
        "\ufeff" + "\n\n".join(fill(part, 50) for part in APACHE.split("\n\n")),
        "".join(f"<p class='c'>{escape(part)}</p>" for part in APACHE.split("\n\n")),
        "".join(f"> {line}\n" for line in APACHE.splitlines()),
        "".join(f" * {line}\n" for line in APACHE.splitlines()),
    ],
    ids=[
        "filled in",
        "without appendix",
        "quotes and capitals",
        "without title",
        "a line of copyright",
        "a heading",
        "wrapped anew",
        "HTML",
        "quoted",
        "a comment",
    ],
)
def test_what_a_licence_leaves_open_is_no_change(text: str) -> None:
    assert [(match.licence.id, match.differences) for match in recognise(text, "x")] == [("Apache-2.0", ())]


def test_real_licences_of_installed_packages_raise_no_false_alarm() -> None:
    """With lines of copyright, headings, other names and other line lengths than the list's texts."""
    expected = {"transformers": "Apache-2.0", "pydantic": "MIT", "starlette": "BSD-3-Clause", "idna": "BSD-3-Clause"}
    for package, licence in expected.items():
        files = [Path(str(file.locate())) for file in distribution(package).files or [] if "LICENSE" in file.name]
        found = recognise(files[0].read_text(encoding="utf-8"), package)
        assert [(match.licence.id, match.differences) for match in found] == [(licence, ())]


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
        (LLAMA.replace("700 million", "7 million"), "LLAMA-3.1", "7"),
        (GEMMA.replace("for the restricted uses", "for the permitted uses"), "GEMMA", "permitted"),
        (MIT + "\nLicensee shares improvements with Licensor.", "MIT", "shares improvements"),
        (f"{APACHE}\n不得用于商业用途。", "Apache-2.0", "商业"),
        (MIT[: MIT.index("THE SOFTWARE IS")], "MIT", "AS IS"),
        (APACHE.split("9. Accepting Warranty")[0], "Apache-2.0", "Accepting Warranty"),
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
        "Llama's number of users",
        "Gemma's restriction",
        "a sentence without a warning word",
        "a sentence in Chinese",
        "the whole disclaimer gone",
        "the last clause gone with the appendix",
    ],
)
def test_one_changed_clause_makes_it_another_licence(tmp_path: Path, text: str, base: str, told: str) -> None:
    report = with_licence(tmp_path, text)
    assert report.licensing.name == f"modified {base}"
    finding = next(finding for finding in report.refused if finding.code == "licence-modified")
    assert told in finding.says
    assert report.openness.level.value == "open weights"


def test_what_names_the_models_of_gemma_is_no_change_and_is_told(tmp_path: Path) -> None:
    names = (
        "Gemma 2,CodeGemma,PaliGemma 2,RecurrentGemma,ShieldGemma,DataGemma,Gemma Scope 2,TxGemma,T5Gemma,MedGemma 27B"
    )
    listed = "\n".join(f"- {name}" for name in [*names.split(","), "Gemma 3n E4B", "EmbeddingGemma 300M", "VaultGemma"])
    report = with_licence(tmp_path, f"Last modified: May 4, 2026\n\n{GEMMA}\n\n## Appendix\n\n{listed}\n")
    assert (report.licensing.name, report.refused) == ("GEMMA", [])
    assert "licence-appendix" in codes(report)
    for sentence in ("Gemma 9 costs money", "Users pay Google", "Gemma. For banks a fee is due"):
        text = f"{GEMMA}\n\nAppendix\n\n{listed}\n- {sentence}\n"
        assert recognise(text, "LICENSE")[0].modified, sentence
    assert recognise(f"{APACHE}\n\nAppendix\n\n{listed}\n{listed}\n", "LICENSE")[0].modified


@pytest.mark.parametrize("junk", ["of the Work and or to the ", "subject to the terms and conditions of this License "])
def test_words_of_a_licence_over_and_over_cost_little_and_change_it(junk: str) -> None:
    began = process_time()
    (found,) = recognise(APACHE + junk * 3000, "LICENSE")
    assert (found.licence.id, found.modified) == ("Apache-2.0", True)
    assert process_time() - began < 10  # it was a multiple of that on a busy machine


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


def test_a_policy_of_use_is_compared_and_is_no_licence_by_itself(tmp_path: Path) -> None:
    """Llama 3 has both in one file; later ones have a USE_POLICY.md beside the licence."""
    policy = (LICENCES / "LLAMA-POLICY@3.txt").read_text(encoding="utf-8")
    both = (LICENCES / "LLAMA-3.txt").read_text(encoding="utf-8") + "\n\n" + policy
    report = with_licence(tmp_path / "both", both)
    assert (report.licensing.name, report.refused) == ("LLAMA-3", [])
    report = with_licence(tmp_path / "alone", policy, "USE_POLICY.md")
    assert {finding.code for finding in report.refused} == {"no-licence"}
    report = with_licence(tmp_path / "changed", both.replace("Sexual solicitation", "Solicitation"))
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


@pytest.mark.parametrize(
    "words",
    [
        "This model is licensed under CC-BY-NC-4.0.",
        "Weights CC BY-NC 4.0",
        "Model weights: Llama 3.1 Community License",
        "The weights are licensed under the Gemma Terms of Use.",
        "The model is under the DeepSeek License",
        "This work is licensed under Apache-2.0 and MIT.",
        "THE LICENSOR KEEPS COPIES OF DOCUMENTS.",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_another_licence_named_beside_a_text_is_no_heading(words: str, first: bool) -> None:
    (match,) = recognise("\n\n".join([words, APACHE] if first else [APACHE, words]), "x")
    assert [place.text_says for place in match.differences] == [words.rstrip(".")]


@pytest.mark.parametrize(
    ("licence", "heading", "left"),
    [
        ("MIT-0", "# MIT No Attribution License (MIT-0)", 1),
        ("MIT-0", "", 1),
        ("CC-BY-NC-4.0", "Creative Commons Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)", 0),
        ("CC-BY-4.0", "This work is licensed under the Creative Commons Attribution 4.0 International License.", 0),
        ("MRL", "# Mistral AI Research License (MRL-0.1)", 1),
        ("Apache-2.0", "This model is based on Qwen2.5-7B, licensed under the Apache License, Version 2.0.", 0),
        ("MIT", "MIT License\n\nCopyright (c) 2022-2024 Nils Reimers, UKP-TUDA (https://www.ukp.tu-darmstadt.de/)", 2),
    ],
)
def test_what_a_licence_is_called_is_a_heading(licence: str, heading: str, left: int) -> None:
    text = (LICENCES / f"{licence}.txt").read_text(encoding="utf-8").split("\n", left)[left]
    assert [(match.licence.id, match.differences) for match in recognise(f"{heading}\n\n{text}", "x")] == [
        (licence, ())
    ]


def test_the_first_words_are_no_title_where_one_of_them_was_changed() -> None:
    (match,) = recognise(BSD.replace("Redistribution and use", "Redistribution or use"), "x")
    assert match.modified


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


@pytest.mark.parametrize(
    ("front", "prose", "code"),
    [
        ("", "This model is licensed under CC-BY-NC-4.0.", "licence-contradiction"),
        ("", "本模型仅供学术研究，禁止商业用途。", "licence-contradiction"),
        ("base_model: meta-llama/Llama-3.1-8B-Instruct\n", "", "licence-of-base"),
        ("base_model:\n- google/gemma-3-4b-it\n", "", "licence-of-base"),
        ("base_model: Qwen/Qwen3-4B\n", "Compare with Llama 3.1.", ""),
    ],
)
def test_what_a_card_says_beside_its_licence(tmp_path: Path, front: str, prose: str, code: str) -> None:
    report = with_licence(tmp_path, APACHE, card=f"---\nlicense: apache-2.0\n{front}---\n{prose}\n")
    assert {finding.code for finding in report.findings} - {"weights-not-read"} == {code} - {""}
    assert report.refused == []


def test_a_card_may_name_its_licences_in_one_expression(tmp_path: Path) -> None:
    report = with_licence(tmp_path, "", card="---\nlicense: Apache-2.0 OR MIT\n---\n")
    assert report.licensing.name == "Apache-2.0 and MIT"


def test_a_licence_too_long_to_be_one_is_unknown_rather_than_absent(tmp_path: Path) -> None:
    assert {finding.code for finding in with_licence(tmp_path, "x" * 300_000).refused} == {"licence-unknown"}
