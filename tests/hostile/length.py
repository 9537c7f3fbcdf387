"""Decides how much bad input a run makes up: HOSTILE_EXAMPLES in the environment makes it longer.

It has never heard of what the input is for.
"""

import os
from typing import Final

EXAMPLES: Final = int(os.environ.get("HOSTILE_EXAMPLES") or 25)
"""Made up for each operation, reader or far side, beside what is at the edges of each schema."""
PATIENCE: Final = 120 + 10 * EXAMPLES
"""Seconds within which that is done."""
TRIES: Final = 8
"""So often what must be come upon is looked for: chance decides what is asked, also with a seed."""
