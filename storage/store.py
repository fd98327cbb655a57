"""Everything that is kept, opened together. Decides how the vector index is reached.

Through the running service's Chroma server when there is one; else in this process, holding the data folder, so that
never two processes have Chroma open on one path.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.catalog import Catalog
from storage.database import Database
from storage.datafolder import DataFolder
from storage.embedder import Embedder, LocalEmbedder
from storage.following import FollowingEmbedder
from storage.indexes import Indexes
from storage.keywords import KeywordIndex
from storage.matrix import Matrix
from storage.originals import Originals
from storage.settings import Settings
from storage.vectors import VectorIndex

WAIT_SECONDS = 20  # for another command that has the data folder


@dataclass(frozen=True, kw_only=True)
class Store:
    """The parts of one data folder."""

    settings: Settings
    folder: DataFolder
    database: Database
    catalog: Catalog
    indexes: Indexes
    originals: Originals
    embedder: Embedder


@contextmanager
def open_store(settings: Settings, *, check_embedder: bool = True) -> Iterator[Store]:
    """Open the data folder of the settings for as long as the context lasts.

    Its embedder is the one that made the vectors; with `check_embedder` False, the one that the settings name.
    Raises: DataFolderError, EmbedderMismatch (unless not checked), ModelError, IndexUnavailable.
    """
    folder = DataFolder(settings.data)
    with ExitStack() as closing:
        running = folder.running()
        if running is None:
            closing.enter_context(folder.owned(wait=WAIT_SECONDS))
        database = Database.open(folder.catalog)
        closing.callback(database.close)
        catalog = Catalog(database)
        embedder: Embedder = (
            FollowingEmbedder(catalog, settings) if check_embedder else LocalEmbedder.from_settings(settings)
        )
        matrix = Matrix(folder.matrix)
        if running is None:
            vectors = VectorIndex.local(folder.vectors, matrix)
        else:
            vectors = VectorIndex.server(running.chroma_host, running.chroma_port, matrix)
        closing.callback(vectors.close)
        keywords = KeywordIndex(folder.keywords)
        closing.callback(keywords.close)
        yield Store(
            settings=settings,
            folder=folder,
            database=database,
            catalog=catalog,
            indexes=Indexes(catalog, keywords, vectors),
            originals=Originals(folder.originals),
            embedder=embedder,
        )


@contextmanager
def open_indexes(root: Path, chroma: tuple[str, int] | None) -> Iterator[Indexes]:
    """The indexes of a data folder that another process of ours holds, to search in.

    `chroma`: host and port of its server; None where the other has Chroma in itself. Labels that are large enough for
    it are scanned then. Raises: DataFolderError.
    """
    folder = DataFolder(root)
    with ExitStack() as closing:
        database = Database.open(folder.catalog)
        closing.callback(database.close)
        matrix = Matrix(folder.matrix)
        vectors = VectorIndex.server(*chroma, matrix) if chroma else VectorIndex.elsewhere(matrix)
        closing.callback(vectors.close)
        yield Indexes(Catalog(database), KeywordIndex(folder.keywords), vectors)
