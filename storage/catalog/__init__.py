"""The catalog: documents, revisions, chunks, access labels, and what the indexes have still to be told. The truth.

Every method is one transaction. Nothing here decides who may read or what is indexed when; it keeps what it is told,
and gives out chunks and revisions only for a set of labels. Knows no index, no model and no file outside its database.
"""

from __future__ import annotations

from storage.catalog.entries import (
    Candidate,
    Filter,
    IndexRow,
    Kept,
    Known,
    Note,
    Pace,
    Seen,
    Source,
    Vector,
    Waiting,
    revision_id,
)
from storage.catalog.facts import EMBEDDER, Facts
from storage.catalog.files import Files
from storage.catalog.housekeeping import Housekeeping
from storage.catalog.labels import Labels
from storage.catalog.members import Members
from storage.catalog.models import Models
from storage.catalog.outbox import Outbox
from storage.catalog.reading import Reading
from storage.catalog.revisions import PackedText, Revisions, packed_text
from storage.catalog.sources import Sources

__all__ = [
    "EMBEDDER",
    "Candidate",
    "Catalog",
    "Filter",
    "IndexRow",
    "Kept",
    "Known",
    "Note",
    "Pace",
    "PackedText",
    "Seen",
    "Source",
    "Vector",
    "Waiting",
    "packed_text",
    "revision_id",
]


class Catalog(Facts, Labels, Sources, Files, Members, Revisions, Outbox, Models, Reading, Housekeeping):
    """Documents and everything made of them."""
