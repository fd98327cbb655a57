"""What the pages work with: set once when the server starts, read by every run of a page in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.engine import Engine

_engine: Engine | None = None


def set_engine(engine: Engine) -> None:
    """The engine that the pages ask."""
    global _engine  # noqa: PLW0603 - Streamlit runs pages as scripts and passes them nothing
    _engine = engine


def engine() -> Engine:
    """The engine that the pages ask."""
    if _engine is None:
        raise RuntimeError("set_engine comes first")
    return _engine
