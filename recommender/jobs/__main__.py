"""`python -m recommender.jobs SLOT IDLE`: a worker for one slot of this machine."""

from __future__ import annotations

import logging
import os
import sys

from corpus.errors import StoreError
from recommender.jobs.worker import serve


def main() -> None:
    """Work until nothing has waited for IDLE seconds."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.nice(5)  # whoever serves people comes first
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    try:
        serve(int(sys.argv[1]), idle=float(sys.argv[2]))
    except StoreError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
