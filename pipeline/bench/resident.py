"""This process's resident memory."""

import os


def resident_mb() -> float:
    """In units of 2**20 bytes, from /proc."""
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
