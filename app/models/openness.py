"""How open a model is, with the evidence: API only, open weights, open source, fully open.

Open weights: they can be had and run here. Open source: under an open-source licence. Fully open: the training data and
the training code are public too. What only the publisher says is marked so; nothing is looked up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.models.card import Card
from app.models.licensing import Licensing

TRAINING_CODE = re.compile(
    r"(training code|code (?:used )?(?:to|for) train\w*|training (?:scripts|recipes?)|open-instruct)", re.I
)


class Level(StrEnum):
    """From closed to open."""

    API = "API only"
    WEIGHTS = "open weights"
    SOURCE = "open source"
    FULLY = "fully open"


@dataclass(frozen=True, kw_only=True)
class Openness:
    """A level and what shows it."""

    level: Level
    evidence: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object in the report."""
        return {"level": self.level.value, "evidence": list(self.evidence)}


def openness(*, has_weights: bool, licensing: Licensing, card: Card) -> Openness:
    """The level of a model whose directory was read."""
    if not has_weights:
        return Openness(level=Level.API, evidence=("No weights are here: only its publisher can run it.",))
    evidence = ["The weights are in this directory."]
    if not licensing.licences or not all(licence.open for licence in licensing.licences):
        names = licensing.name if licensing.licences else "no known licence"
        return Openness(level=Level.WEIGHTS, evidence=(*evidence, f"No open-source licence: {names}."))
    if any(match.modified for match in licensing.matches):
        return Openness(level=Level.WEIGHTS, evidence=(*evidence, "The licence text was changed."))
    basis = "by its text" if licensing.matches else "as the model card claims"
    evidence.append(f"An open-source licence, {basis}: {licensing.name}.")
    data = card.claims.get("datasets")
    code = TRAINING_CODE.search(card.text)
    if data and code:
        names = ", ".join(map(str, data[:3])) if isinstance(data, list) else str(data)
        evidence += [f"The model card names its training data: {names[:200]}.", f"It speaks of its {code[1].lower()}."]
        return Openness(level=Level.FULLY, evidence=tuple(evidence))
    evidence.append("Training data and training code are not both named in the model card.")
    return Openness(level=Level.SOURCE, evidence=tuple(evidence))
