"""`python -m gemini_pool`."""

import sys

from gemini_pool.cli import main

sys.exit(main(sys.argv[1:]))
