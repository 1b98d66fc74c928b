"""`python -m ragopt` is `ragopt`."""

import sys

from ragopt.cli import main

if __name__ == "__main__":
    sys.exit(main())
