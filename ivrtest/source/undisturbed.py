"""Work on many small values that all stay: the collector of garbage would go through them again and again, and find nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold the collection of reference cycles meanwhile. What nothing refers to is still freed at once, so memory stays bounded by use."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
