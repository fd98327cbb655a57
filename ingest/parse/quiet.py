"""Stops what unstructured calls: its telemetry, and the language model it downloads. Imported before unstructured is.

We use no text classification of unstructured (without a model it calls prose a title), so an empty spaCy pipeline is
enough wherever it asks for one.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from storage.switchboard import SILENT

QUIET_ENVIRONMENT: dict[str, str] = {
    **SILENT,
    # address space is limited, and each thread of a numeric library reserves tens of megabytes
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def quieten() -> None:
    """Set the environment and put an empty pipeline in the place of the downloaded one. Quick when done before."""
    os.environ.update(QUIET_ENVIRONMENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside spaCy and its relatives are not ours to mend
        import spacy
        from unstructured.nlp import tokenize

    def empty_pipeline(*_: object, **__: object) -> Any:
        pipeline = spacy.blank("xx")
        pipeline.add_pipe("sentencizer")
        return pipeline

    tokenize._load_spacy_model = empty_pipeline
