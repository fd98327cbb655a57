"""From one embedding model to another, while questions are answered by the vectors of the first.

New vectors are made beside those in use and kept as they come, so that what a crash interrupts goes on where it was.
Then the vector index is built of them, and one commit puts both in the place of the old. The old vectors stay in the
catalog until a person confirms the switch. Chunks stay as they were cut; the keyword index has no part in this.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from ingest.batches import BATCH, vector_key
from ingest.chunk import embedding_text
from storage.catalog import Catalog
from storage.catalog.facts import PREVIOUS
from storage.embedder import LocalEmbedder
from storage.errors import ModelError
from storage.indexes import Indexes

Lock = Callable[[], AbstractContextManager[None]]
Show = Callable[[int], None]


def switch(indexes: Indexes, embedder: LocalEmbedder, *, ingesting: Lock, show: Show = lambda done: None) -> int:
    """Make `embedder` the one in use. Returns how many chunks were embedded for it.

    `ingesting` is held only from when all vectors are there: until then files go on being indexed, for the old model.
    Raises: ModelError when chunks are longer than the model reads; nothing has changed then.
    """
    catalog = indexes.catalog
    made = _embed(catalog, embedder, show)
    with ingesting():
        made += _embed(catalog, embedder, lambda done: show(made + done))  # what was indexed meanwhile
        indexes.catch_up()
        generation = indexes.build_beside(embedder.model)
        catalog.switch_model(embedder.model, embedder.at(), generation)
        indexes.tidy()
    return made


def confirm(indexes: Indexes, *, ingesting: Lock) -> int:
    """Let the old vectors go. Returns how many chunks have those of the model in use for their own from now on."""
    if indexes.catalog.fact(PREVIOUS) is None:
        raise ModelError("There is no switch of the embedding model that waits to be confirmed.")
    with ingesting():
        return indexes.catalog.confirm_model()


def _embed(catalog: Catalog, embedder: LocalEmbedder, show: Show) -> int:
    """The vectors that are not there yet."""
    done = 0
    for batch in catalog.chunks_without(embedder.model):
        missing: dict[str, tuple[str, str]] = {}
        for item in batch:
            text = embedding_text(item.chunk)
            key = vector_key(embedder.model, text)
            if key != item.embedded:  # else its own vector is by this model
                missing[item.embedded] = (key, text)
        _check(embedder, [text for _, text in missing.values()])
        entries = list(missing.items())
        for start in range(0, len(entries), BATCH):
            part = entries[start : start + BATCH]
            vectors = embedder.encode_documents([text for _, (_, text) in part])
            catalog.put_embeddings(
                embedder.model,
                [(embedded, key, vector) for (embedded, (key, _)), vector in zip(part, vectors, strict=True)],
            )
            done += len(part)
            show(done)
    return done


def _check(embedder: LocalEmbedder, texts: list[str]) -> None:
    longest = max(embedder.count_tokens(texts), default=0)
    if longest > embedder.max_tokens:
        raise ModelError(
            f"embedder: {embedder.name} reads {embedder.max_tokens} tokens, and there are chunks of {longest}. Stop "
            "the service and cut all documents anew for it: premise reindex --cut"
        )
