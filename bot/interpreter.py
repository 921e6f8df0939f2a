"""How the interpreter looks for garbage, where its defaults are not made for a server."""

from __future__ import annotations

import gc

ALLOCATIONS, YOUNG, MIDDLE = 10_000, 20, 20
"""After how many allocations garbage is looked for, and how many such looks make an older one."""


def settle() -> None:
    """Once all is imported. What is there by then stays for ever, and to look through it for
    garbage stops everything for a tenth of a second each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, YOUNG, MIDDLE)
