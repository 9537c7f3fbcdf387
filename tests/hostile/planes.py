"""Decides which characters stand for all of Unicode: of every plane a few, its last two among them, which are none.

It has never heard of where they are put.
"""

from typing import Final

PLANES: Final = tuple(
    chr((plane << 16) + offset) for plane in range(17) for offset in (0x40, 0xFE00, 0xFFFD, 0xFFFE, 0xFFFF)
)
