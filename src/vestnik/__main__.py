"""Decides nothing: `python -m vestnik` is the command `vestnik`.

It has never heard of any option.
"""

import sys

from vestnik.cli import main

sys.exit(main())
