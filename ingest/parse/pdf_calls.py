"""Functions of pdfium for what is asked of every line and object of a page. Knows ctypes, not what they do."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any


def direct(function: Any, result: Any = ctypes.c_int) -> Callable[..., Any]:
    """A function of pdfium without the conversion of its arguments, which takes longer than what it does: it is given
    whole numbers, and addresses as ctypes makes them."""
    return ctypes.PYFUNCTYPE(result)(ctypes.cast(function, ctypes.c_void_p).value or 0)
