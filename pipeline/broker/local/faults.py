"""SQLite's errors in the contract's words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import BrokerError, BrokerRefused, BrokerUnavailable

# Primary result codes (the low byte of the extended code), https://sqlite.org/rescode.html
_LATER = {
    sqlite3.SQLITE_BUSY: "the log is locked by another process; it is tried again",
    sqlite3.SQLITE_LOCKED: "the log is locked by this process; it is tried again",
    sqlite3.SQLITE_FULL: "the disk of the log is full; free space or move the log, work resumes by itself",
    sqlite3.SQLITE_IOERR: "the disk of the log failed a read or write; check the disk and the system's journal",
    sqlite3.SQLITE_NOMEM: "no memory was left for the log; free memory, work resumes by itself",
    sqlite3.SQLITE_INTERRUPT: "an operation on the log was interrupted",
    sqlite3.SQLITE_PROTOCOL: "locking the log failed; put it on a local disk, not on a network share",
}
_NEVER = {
    sqlite3.SQLITE_CORRUPT: "the log is damaged; stop every process and restore it from a backup",
    sqlite3.SQLITE_NOTADB: "the file is not a log; check the path, or restore it from a backup",
    sqlite3.SQLITE_READONLY: "the log cannot be written; check the owner and mode of the file and its directory",
    sqlite3.SQLITE_PERM: "the log cannot be written; check the owner and mode of the file and its directory",
    sqlite3.SQLITE_CANTOPEN: "the log cannot be opened; check that its directory exists and who owns it",
    sqlite3.SQLITE_TOOBIG: "a record is larger than the log can hold",
}


def fault_of(error: sqlite3.Error) -> BrokerError:
    """The exception to raise instead of `error`. Its message names the code and the mend, never a value."""
    code = getattr(error, "sqlite_errorcode", None)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    primary = None if code is None else code & 0xFF
    if primary in _LATER:
        return BrokerUnavailable(f"{_LATER[primary]} ({name})")
    if primary in _NEVER:
        return BrokerRefused(f"{_NEVER[primary]} ({name})")
    return BrokerRefused(f"the log refused an operation ({name})")


@contextmanager
def mapped() -> Iterator[None]:
    """Raise the contract's exception, chained, for whatever SQLite raises inside."""
    try:
        yield
    except sqlite3.Error as error:
        raise fault_of(error) from error
