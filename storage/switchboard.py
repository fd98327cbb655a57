"""Every library's calls home, switched off in one place, before any of them is imported.

`import storage` does it, so each of our processes has it; those we start get it handed over (`SILENT`). What code tries
all the same, storage/outgoing.py refuses. Knows environment variables only.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

SILENT: dict[str, str] = {
    "DO_NOT_TRACK": "1",  # several honour it; vLLM and unstructured among them
    "ANONYMIZED_TELEMETRY": "False",  # chromadb
    "CHROMA_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",  # transformers and sentence-transformers: at every model load
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "SCARF_NO_ANALYTICS": "1",  # unstructured: at import and at every file
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "VLLM_NO_USAGE_STATS": "1",
}
# set by somebody else, these make llama-index leave the caches that it brings along, and download
UNSET = ("NLTK_DATA", "TIKTOKEN_CACHE_DIR")


def silence(environment: MutableMapping[str, str] = os.environ) -> None:
    """Switch everything off, whatever the environment said before."""
    environment.update(SILENT)
    for name in UNSET:
        environment.pop(name, None)
