"""May we use this model: the decision flow from what is known of its licence to what it obliges to. No legal advice.

A text beats a claim: what LICENSE says counts, what the model card says is compared with it. Where several licences are
there, all of them hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from app.models.card import Card
from app.models.findings import Finding, note, refuse, some, warn
from app.models.licences import LONGEST, Licence, Match, by_hub_name, recognise
from app.models.listing import Listed, Listing

NAMED = re.compile(r"licen[sc]e|^(copying|terms|eula)", re.I)
NOT_TEXTS = frozenset({"merges.txt", "vocab.txt", "readme.md", "requirements.txt", "added_tokens.json"})
NO_TEXTS = tuple(".json .jsonl .jinja .safetensors .model .bin .png .jpg .svg .gif .webp .tiktoken".split())
MOST_TEXTS = 20
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
        matches = recognise(text, file.name) if text.strip() else []
        made.matches += matches
        if not matches and NAMED.search(file.name):
            unknown.append(file.name)
    if not made.matches and card.file:
        made.matches = recognise(card.text, card.file)
    declared = _declared(card)
    made.declared = declared
    by_claim = by_hub_name(declared) if declared else None
    made.licences = list({match.licence.id: match.licence for match in made.matches}.values())
    _compare(made, by_claim, unknown)
    if by_claim is not None and by_claim.id not in {licence.id for licence in made.licences}:
        made.licences.append(by_claim)
    _decide(made)
    return made


def _texts(listed: Listing) -> list[Listed]:
    """Files that may hold a licence, whatever their name; those named so first."""
    files = [
        file
        for file in listed.files.values()
        if "/" not in file.name
        and file.name.lower() not in NOT_TEXTS
        and 0 < file.size <= LONGEST
        and not file.name.lower().endswith(NO_TEXTS)
        and not file.name.startswith(".")
    ]
    return sorted(files, key=lambda file: (not NAMED.search(file.name), file.name))[:MOST_TEXTS]


def _text(file: Listed) -> str:
    try:
        data = file.path.read_bytes()
    except OSError:
        return ""
    if b"\0" in data[:1000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return data.decode(encoding, errors="replace")


def _declared(card: Card) -> str | None:
    for name in ("license_name", "license"):
        value = card.claims.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str) and value.strip() and value.strip().lower() not in ("other", "unknown"):
            return value.strip()[:100]
    return None


def _compare(made: Licensing, by_claim: Licence | None, unknown: list[str]) -> None:
    if unknown:
        says = f"{some(unknown)} is no licence text that is known here."
        made.findings.append(refuse("licence-unknown", says, DECIDE, unknown[0]))
    if not made.matches and not unknown:
        if by_claim is not None:
            says = f"The model card claims {by_claim.name}; the text of the licence is not in the directory."
            made.findings.append(warn("licence-text-missing", says, "Put the publisher's LICENSE beside the weights."))
        elif made.declared:
            says = f"The model card names the licence {made.declared!r}, which is not known here, and gives no text."
            made.findings.append(refuse("licence-unknown", says, DECIDE))
        else:
            says = "There is no licence: no text, and nothing in the model card. Without one nothing is allowed."
            made.findings.append(refuse("no-licence", says, "Ask the publisher, or take another model."))
    ids = {match.licence.id for match in made.matches}
    if made.matches and by_claim is not None and by_claim.id not in ids:
        says = (
            f"The model card claims {by_claim.id}, the text is that of {' and '.join(sorted(ids))}. Both are applied."
        )
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
    how = "by its text" if made.matches else "by the model card's word only"
    step("Is there a licence that is known?", f"Yes, {made.name}, {how}.")
    if changed:
        where = "; ".join(_told(match) for match in changed)
        step("Is the text unaltered?", f"No. {where}")
        for match in changed:
            says = f"{match.file} is a modified {match.licence.id}. {_told(match)}"
            found.append(refuse("licence-modified", says, DECIDE, match.file))
    elif made.matches:
        compared = all(not match.licence.phrases for match in made.matches)
        step("Is the text unaltered?", "Yes, word for word." if compared else "Its main sentences are all there.")
    barred = [licence for licence in made.licences if licence.kind == "non-commercial" or licence.refuse]
    if barred:
        step("May a company use it?", f"No: {some([licence.name for licence in barred])}.")
        for licence in barred:
            code = "non-commercial" if licence.kind == "non-commercial" else "production-restricted"
            says = f"{licence.name}: {' '.join(licence.obliges)}"
            found.append(refuse(code, says, f"Take another model, or buy a licence and waive it by name. {DECIDE}"))
        return
    step("May a company use it?", "Yes.")
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
