"""May we use this model: the decision flow from what is known of its licence to what it obliges to. No legal advice.

A text beats a claim: what LICENSE says counts, what the model card says is compared with it. Where several licences are
there, all of them hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from app.models.card import Card
from app.models.findings import Finding, note, refuse, some, warn
from app.models.licences import LONGEST, Licence, Match, by_hub_name, recognise
from app.models.listing import Listed, Listing

NAMED = re.compile(r"licen[sc]e|^(copying|terms|eula)", re.I)
NOT_TEXTS = frozenset({"merges.txt", "vocab.txt", "readme.md", "requirements.txt", "added_tokens.json"})
NO_TEXTS = tuple(".json .jsonl .jinja .safetensors .model .bin .png .jpg .svg .gif .webp .tiktoken".split())
MOST_TEXTS = 20
RESEARCH_ONLY = re.compile(
    r"\b(?:for|under)\s+non-?commercial\b[^.\n]{0,60}|\bnon-?commercial\s+(?:use|purposes?|license|licence)\b[^.\n]{0,60}"
    r"|\bresearch\s+(?:use|purposes?)\s+only\b|\bcommercial\s+use\s+is\s+(?:not|prohibited|forbidden)\b[^.\n]{0,60}"
    r"|\bcc[- ]by[- ]nc\b[-\w. ]{0,10}"
    r"|(?:非商业|禁止商用|(?:禁止|不得|不可)[^。\n]{0,12}商业|仅[供限][^。\n]{0,8}(?:研究|学术))[^。\n]{0,30}",
    re.I,
)
# whose licence goes with every model made of one, and how such models are named as a base
BASES = (
    ("LLAMA-3.1", re.compile(r"\bllama[-_ ]?3\.1", re.I)),
    ("LLAMA-3.2", re.compile(r"\bllama[-_ ]?3\.2", re.I)),
    ("LLAMA-3.3", re.compile(r"\bllama[-_ ]?3\.3", re.I)),
    ("LLAMA-4", re.compile(r"\bllama[-_ ]?4", re.I)),
    ("LLAMA-3", re.compile(r"\bllama[-_ ]?3(?![0-9.]*b)", re.I)),
    ("LLAMA-2", re.compile(r"\bllama[-_ ]?2", re.I)),
    ("GEMMA", re.compile(r"google/(?:embedding)?gemma(?:[-_ ]?[1-3]|-[0-9]+m|-[0-9]+b)", re.I)),
)
POLICY = "policy"  # a kind: part of a licence and none by itself, but compared with its text as licences are
DECIDE = "Let somebody who answers for it read the licence; if it may be used, waive it by name: model_waivers."


@dataclass(frozen=True, kw_only=True)
class Step:
    """One question of the flow and its answer."""

    question: str
    answer: str


@dataclass(kw_only=True)
class Licensing:
    """The licences of a model, and what follows."""

    matches: list[Match] = field(default_factory=list)
    declared: str | None = None  # as the card names it
    licences: list[Licence] = field(default_factory=list)  # that hold, by text or by claim
    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The licence in a few words."""
        if not self.licences:
            return "unknown"
        changed = {match.licence.id for match in self.matches if match.modified}
        return " and ".join(f"modified {item.id}" if item.id in changed else item.id for item in self.licences)

    @property
    def allowed(self) -> bool:
        """Whether nothing in it stands against use."""
        return not any(finding.severity == "refuse" for finding in self.findings)

    @property
    def obliges(self) -> list[str]:
        """What it obliges to."""
        return list(dict.fromkeys(duty for licence in self.licences for duty in licence.obliges))

    @property
    def attributions(self) -> list[str]:
        """Words that have to be shown to people."""
        return [licence.attribution for licence in self.licences if licence.attribution]

    def as_json(self) -> dict[str, Any]:
        """The object in the report."""
        return {
            "name": self.name,
            "allowed": self.allowed,
            "texts": [
                {
                    "licence": match.licence.id,
                    "file": match.file,
                    "modified": match.modified,
                    "differences": [
                        {"licence_says": item.licence_says, "text_says": item.text_says} for item in match.differences
                    ],
                }
                for match in self.matches
            ],
            "declared": self.declared,
            "kinds": [licence.kind for licence in self.licences],
            "users": min((licence.users for licence in self.licences if licence.users), default=None),
            "field_of_use": [licence.field for licence in self.licences if licence.field],
            "attribution": self.attributions,
            "obliges": self.obliges,
            "decision": [{"question": step.question, "answer": step.answer} for step in self.steps],
        }


def read_licences(listed: Listing, card: Card) -> Licensing:
    """Find, recognise and judge."""
    made = Licensing()
    unknown = []
    for file in _texts(listed):
        text = _text(file)
        named = bool(NAMED.search(PurePosixPath(file.name).name))
        matches = recognise(text, file.name, quoted=not named) if text.strip() else []
        made.matches += matches
        if not matches and named and text.strip():
            unknown.append(file.name)
    if all(match.licence.kind == POLICY for match in made.matches) and card.file:
        made.matches += recognise(card.text, card.file, quoted=True)
    declared = _declared(card)
    made.declared = ", ".join(declared) or None
    claimed = [licence for name in declared if (licence := by_hub_name(name))]
    found = {match.licence.id: match.licence for match in made.matches if match.licence.kind != POLICY}
    made.licences = list(found.values())
    _compare(made, claimed, [name for name in declared if by_hub_name(name) is None], unknown)
    _against_prose(made, card, claimed)
    _of_base(made, card, claimed)
    made.licences += [licence for licence in claimed if licence not in made.licences]
    _decide(made)
    return made


def _texts(listed: Listing) -> list[Listed]:
    """Files that may hold a licence, whatever their name, and those named so in folders; these first."""
    files = [
        file
        for file in listed.files.values()
        if ("/" not in file.name or NAMED.search(file.name))
        and file.name.lower() not in NOT_TEXTS
        and file.size > 0
        and (file.size <= LONGEST or NAMED.search(file.name))
        and not file.name.lower().endswith(NO_TEXTS)
        and not file.name.startswith(".")
    ]
    return sorted(files, key=lambda file: (not NAMED.search(file.name), file.name))[:MOST_TEXTS]


def _text(file: Listed) -> str:
    try:
        with file.path.open("rb") as opened:
            data = opened.read(2 * LONGEST)
    except OSError:
        return ""
    if b"\0" in data[:1000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:  # of an older editor, or cut at the limit
        return data.decode("cp1252", errors="replace")


def _declared(card: Card) -> list[str]:
    """The licences that the card names: all of them hold, as far as it tells."""
    for name in ("license_name", "license"):
        value = card.claims.get(name)
        values = [
            item.strip()[:100] for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)
        ]
        if found := [item for item in values if item and item.lower() not in ("other", "unknown")]:
            return [name for item in found for name in re.split(r"\s+(?:AND|OR)\s+", item.strip("()"))]
    return []


def _against_prose(made: Licensing, card: Card, claimed: list[Licence]) -> None:
    """What the card says in words of its own, against the licences."""
    said = RESEARCH_ONLY.search(card.text)
    if said and not any(licence.kind == "non-commercial" for licence in [*made.licences, *claimed]):
        says = f"The model card speaks of a limit that its licence does not have: “{' '.join(said[0].split())}”."
        made.findings.append(
            warn("licence-contradiction", says, "Read it, and ask the publisher which holds.", card.file)
        )


def _of_base(made: Licensing, card: Card, claimed: list[Licence]) -> None:
    """A model made of another comes under the other's licence as well, whatever its own name and card say."""
    said = card.claims.get("base_model")
    ids = {licence.id for licence in [*made.licences, *claimed]}
    for name in said if isinstance(said, list) else [said]:
        base = next((licence_id for licence_id, named in BASES if named.search(str(name or ""))), None)
        if base is None or base in ids:
            continue
        says = f"It was made of {str(name)[:100]}, whose licence ({base}) goes with it, and is not among its own."
        do = "Read both licences; what the base obliges to holds here, too."
        made.findings.append(warn("licence-of-base", says, do, card.file))


def _compare(made: Licensing, claimed: list[Licence], strange: list[str], unknown: list[str]) -> None:
    if unknown:
        says = f"{some(unknown)} is no licence text that is known here."
        made.findings.append(refuse("licence-unknown", says, DECIDE, unknown[0]))
    ids = {licence.id for licence in made.licences}
    if not ids and not unknown:
        if strange:
            says = f"The model card names the licence {some(strange)}, which is not known here, and gives no text."
            made.findings.append(refuse("licence-unknown", says, DECIDE))
        elif claimed:
            names = " and ".join(licence.name for licence in claimed)
            says = f"The model card claims {names}; the text of the licence is not in the directory."
            made.findings.append(warn("licence-text-missing", says, "Put the publisher's LICENSE beside the weights."))
        else:
            says = "There is no licence: no text, and nothing in the model card. Without one nothing is allowed."
            made.findings.append(refuse("no-licence", says, "Ask the publisher, or take another model."))
    other = [licence.id for licence in claimed if licence.id not in ids]
    if ids and other:
        texts = " and ".join(sorted(ids))
        says = f"The model card claims {' and '.join(other)}, the text is that of {texts}. All are applied."
        made.findings.append(warn("licence-contradiction", says, "Ask the publisher which holds."))


def _decide(made: Licensing) -> None:
    """The flow; it stops at the first no."""
    changed = [match for match in made.matches if match.modified]
    steps, found = made.steps, made.findings

    def step(question: str, answer: str) -> None:
        steps.append(Step(question=question, answer=answer))

    if not made.licences:
        step("Is there a licence that is known?", "No: it must not be served until somebody has read its terms.")
        return
    by_text = any(match.licence.kind != POLICY for match in made.matches)
    how = "by its text" if by_text else "by the model card's word only"
    step("Is there a licence that is known?", f"Yes, {made.name}, {how}.")
    if changed:
        where = "; ".join(_told(match) for match in changed)
        step("Is the text unaltered?", f"No. {where}")
        for match in changed:
            says = f"{match.file} is a modified {match.licence.id}. {_told(match)}"
            found.append(refuse("licence-modified", says, DECIDE, match.file))
    elif by_text:
        step("Is the text unaltered?", "Yes, word for word.")
    barred = [licence for licence in made.licences if licence.kind == "non-commercial" or licence.refuse]
    if barred:
        step("May a company use it?", f"No: {some([licence.name for licence in barred])}.")
        for licence in barred:
            code = "non-commercial" if licence.kind == "non-commercial" else "production-restricted"
            says = f"{licence.name}: {' '.join(licence.obliges)}"
            found.append(refuse(code, says, f"Take another model, or buy a licence and waive it by name. {DECIDE}"))
        return
    step("May a company use it?", "Yes.")
    for match in made.matches:
        if match.appended:
            says = f"{match.file} names models in an appendix, which grows with each: “{match.appended}”."
            found.append(note("licence-appendix", says, "See that this model is one of them.", match.file))
    _limits(made, step)
    step("What does it oblige to?", " ".join(made.obliges) or "Nothing.")


def _limits(made: Licensing, step: Any) -> None:
    limited = [licence for licence in made.licences if licence.users]
    for licence in limited:
        says = f"{licence.name} allows use up to {licence.users:,} monthly users of all the company's products."
        made.findings.append(warn("user-limit", says, "A company under that number need do nothing."))
    step(
        "Does it limit the number of users?",
        "; ".join(f"Yes, {licence.users:,} a month" for licence in limited) or "No.",
    )
    fields = [licence for licence in made.licences if licence.field]
    for licence in fields:
        says = f"{licence.name} limits what the model may be used for. {licence.field}"
        made.findings.append(warn("field-of-use", says, "Compare with what people here will ask it."))
    step("Does it limit what for?", " ".join(str(licence.field) for licence in fields) or "No.")
    if made.attributions:
        says = f"“{made.attributions[0]}” has to be shown to people."
        made.findings.append(note("attribution", says, "Premise shows it on the About page."))
    if any(licence.kind == "copyleft" for licence in made.licences):
        says = "Who passes the model on, changed or not, passes it on under the same licence."
        made.findings.append(note("copyleft", says))


def _told(match: Match) -> str:
    """The differences in words."""
    parts = []
    for item in match.differences[:3]:
        if not item.text_says:
            parts.append(f"left out: “{item.licence_says}”")
        elif not item.licence_says:
            parts.append(f"added: “{item.text_says}”")
        else:
            parts.append(f"instead of “{item.licence_says}”: “{item.text_says}”")
    more = f" And {len(match.differences) - 3} more places." if len(match.differences) > 3 else ""
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]}.{more}"
