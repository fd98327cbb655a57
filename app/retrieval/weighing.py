"""What of the search the settings decide: how much each leg counts, and how many passages are judged. In force at once.

None of it is in an index. A changed `premise.toml` counts from the next question on, without a restart.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from app.retrieval.fuse import MEANING
from storage.errors import SettingError
from storage.keywords import WEIGHTS, Weights
from storage.settings import CONFIG_FILE, Settings, load_settings

log = logging.getLogger("premise.search")


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """How candidates are found and weighed."""

    candidates: int = 50  # asked of each leg: the more, the more of a document's passages speak for it
    meaning: float = MEANING  # share of meaning against words, where the embedder knows the question's language
    keywords: Weights = WEIGHTS

    @classmethod
    def of(cls, settings: Settings) -> Weighing:
        """As the settings say."""
        share = settings.header_weight
        return cls(
            candidates=settings.search_candidates,
            meaning=settings.meaning_weight,
            keywords=Weights(title=share * WEIGHTS.title, name=share * WEIGHTS.name, section=share * WEIGHTS.section),
        )


class Followed:
    """The weighing that the data folder's settings file says at this moment; a wrong file changes nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = settings.data / CONFIG_FILE
        self._seen = self._stamp()
        self._weighing = Weighing.of(settings)

    def __call__(self) -> Weighing:
        """In force now."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._weighing = Weighing.of(load_settings(self._settings.data))
            except SettingError as error:
                log.warning("%s The search goes on as before.", error)
        return self._weighing

    def _stamp(self) -> tuple[int, int]:
        try:
            status = self._file.stat()
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size
