"""How long the threads of one computation wait for each other before they let go of their core."""

import os

# Looks of a waiting thread at whether the others are done: some 50 microseconds; OpenMP's own 300,000 take 14 ms.
_LOOKS = "1000"


def wait_briefly() -> None:
    """Let threads that wait sleep soon, unless the environment says how they wait; in force where torch comes later.

    Where another process is busy, too, a thread that looks for long keeps the core from the one that it waits for.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _LOOKS)
