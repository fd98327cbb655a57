"""The ingest service, started anew within a second: `python ingest_worker.py MODEL`.

Loads the libraries and the embedding model in the directory MODEL once; each line on standard input,
`{"data", "inbox", "port"}` with the port of the Chroma server, forks a process that runs the real service, and whose id
is printed. test_crash.py kills those.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

import chromadb  # noqa: F401  loaded before the fork, as the next
import sentence_transformers  # noqa: F401
import torch

from ingest import pipeline
from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from ingest.service import Service
from storage.catalog import Catalog
from storage.database import Database
from storage.datafolder import DataFolder
from storage.embedder import LocalEmbedder
from storage.indexes import Indexes
from storage.keywords import KeywordIndex
from storage.matrix import Matrix
from storage.originals import Originals
from storage.settings import Settings, load_settings
from storage.vectors import VectorIndex


def serve(settings: Settings, embedder: LocalEmbedder, port: int) -> None:
    """As `premise serve-ingest`, with a vector index that listens on `port`."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    folder = DataFolder(settings.data)
    catalog = Catalog(Database.open(folder.catalog))
    vectors = VectorIndex.server("127.0.0.1", port, Matrix(folder.matrix))
    indexes = Indexes(catalog, KeywordIndex(folder.keywords), vectors)
    catalog.source(str(settings.inbox_folder), None)
    with Sandbox(ParseLimits()) as sandbox:
        Service(Pipeline(settings, indexes, Originals(folder.originals), embedder, sandbox), folder, stop).run()


def main() -> None:
    """Run."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    torch.set_num_threads(1)  # a fork must find no thread pool in use
    pipeline.EMBED_AT = 16  # smaller batches, so that more moments lie between two of them
    embedder = LocalEmbedder.from_settings(Settings(embedder=Path(sys.argv[1])))
    embedder.encode_documents(["Loads the weights before the fork."])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever was killed leaves no zombie
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        settings = load_settings(
            Path(asked["data"]), inbox=asked["inbox"], settle_seconds=0.0, scan_seconds=2.0, guard_fraction=1.0
        )
        process = os.fork()
        if process == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the service waits for its own children
            faulthandler.register(signal.SIGUSR1, all_threads=True)  # where it stands, when a test asks
            try:
                serve(settings, embedder, asked["port"])
            except BaseException:
                logging.exception("the service ended")
            os._exit(0)
        print(process, flush=True)


if __name__ == "__main__":
    main()
