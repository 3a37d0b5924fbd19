"""One connection to the log: how it is opened, written in one transaction, and kept from growing."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.broker.local.faults import fault_of, mapped
from pipeline.broker.local.schema import prepare
from pipeline.errors import BrokerRefused, BrokerUnavailable, CommitUnknown

FILE_NAME = "log.sqlite3"

# Own writes after which this connection moves the write-ahead log into the file; what SQLite does by itself at 4 MB.
_CHECKPOINT_BYTES = 16 * 1024 * 1024
_TRANSACTION_BYTES = 8 * 4096

# SQLite waits for a lock in steps that grow to 100 ms, in which writers that come back sooner starve the one that
# waits: commits took up to two seconds. Asking again after its first steps (1, 2 and 5 ms) keeps them short.
_ASK_AGAIN_MS = 8
_PAUSE_SECONDS = 0.0005

_CREATING = threading.Lock()


class Database:
    """A connection, used by one thread at a time. Errors leave it as BrokerError.

    Checkpoints are our own and take the writer lock (mode FULL). SQLite's automatic ones run beside other writers,
    which up to 3.51.2 can damage the file (https://sqlite.org/wal.html#walresetbug); many systems still ship those.
    """

    def __init__(self, directory: Path, *, busy_timeout_seconds: float) -> None:
        """Open; creates the directory (0700), the file (0600) and its tables.

        Raises BrokerRefused, BrokerUnavailable.
        """
        self._unmoved_bytes = 0
        self._wait_seconds = busy_timeout_seconds
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = directory / FILE_NAME
            _create(path)
        except OSError as error:
            raise BrokerRefused(f"the log at {directory} cannot be opened ({error.strerror})") from error
        with mapped():
            # One thread owns a session, but it may be another than the one that made it.
            self._sql = sqlite3.connect(
                path, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        try:
            with mapped():
                self._configure()
                prepare(self._sql)
                self._let_sqlite_wait(_ASK_AGAIN_MS)
        except BaseException:
            self._sql.close()
            raise

    def _configure(self) -> None:
        # Of processes that make a new file a write-ahead log at once, SQLite refuses all but one, however long they
        # would have waited: each holds what the others wait for.
        (mode,) = self._insist("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise BrokerRefused(f"the log cannot use a write-ahead log here (journal mode {mode}); use a local disk")
        self._sql.execute("PRAGMA synchronous = FULL")  # a commit that returned survives a power cut
        self._sql.execute("PRAGMA wal_autocheckpoint = 0")
        self._sql.execute("PRAGMA foreign_keys = ON")
        self._sql.execute("PRAGMA secure_delete = ON")  # what retention removes is overwritten, not only unlinked
        self._sql.execute("PRAGMA cache_size = -16384")

    def _let_sqlite_wait(self, milliseconds: int) -> None:
        self._sql.execute(f"PRAGMA busy_timeout = {milliseconds}")

    @property
    def sql(self) -> sqlite3.Connection:
        """For reading; wrap in `faults.mapped`."""
        return self._sql

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction holding the writer lock: committed and on disk when the block ends, undone when it raises.

        Raises BrokerUnavailable or BrokerRefused with nothing written, CommitUnknown when COMMIT itself failed.
        """
        self._begin()
        try:
            with mapped():
                yield self._sql
        except BaseException:
            self._undo()
            raise
        self._commit()
        self.wrote(_TRANSACTION_BYTES)
        self._checkpoint_if_due()

    def _begin(self) -> None:
        self._insist("BEGIN IMMEDIATE")

    def _insist(self, statement: str) -> sqlite3.Cursor:
        """Execute it, again and again while the file is locked, for as long as this connection waits."""
        until = time.monotonic() + self._wait_seconds
        while True:
            try:
                return self._sql.execute(statement)
            except sqlite3.Error as error:
                if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise fault_of(error) from error
                time.sleep(_PAUSE_SECONDS)

    @contextmanager
    def amend(self) -> Iterator[sqlite3.Connection]:
        """`write` for rows that are looked at again anyway: an unknown outcome is raised as BrokerUnavailable."""
        try:
            with self.write() as sql:
                yield sql
        except CommitUnknown as error:
            raise BrokerUnavailable("the disk of the log failed during a commit; it is looked at again") from error

    def _commit(self) -> None:
        try:
            self._sql.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            if _primary_code(error) == sqlite3.SQLITE_IOERR:
                # The last frame may have reached the file without its sync: a crash now could bring it back, the next
                # transaction overwrites it. Until then neither answer is true.
                raise CommitUnknown("the disk of the log failed during a commit; recover to settle it") from error
            raise fault_of(error) from error

    def _undo(self) -> None:
        if self._sql.in_transaction:
            with mapped():
                self._sql.execute("ROLLBACK")

    def wrote(self, size_bytes: int) -> None:
        """Count bytes towards the next checkpoint."""
        self._unmoved_bytes += size_bytes

    def _checkpoint_if_due(self) -> None:
        if self._unmoved_bytes < _CHECKPOINT_BYTES:
            return
        try:
            with mapped():
                self._let_sqlite_wait(round(self._wait_seconds * 1000))
                self._sql.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
                self._let_sqlite_wait(_ASK_AGAIN_MS)
        except BrokerUnavailable:
            # The transaction before it is committed; the write-ahead log just stays longer.
            return
        self._unmoved_bytes = 0

    def empty_write_ahead_log(self) -> None:
        """Move it into the file and cut it to nothing. Raises BrokerUnavailable while another connection reads."""
        with mapped():
            busy, _, _ = self._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise BrokerUnavailable("the write-ahead log is being read; erasing goes on when it is not: run it again")

    def limit_waiting(self, seconds: float) -> None:
        """Wait at most this long for another writer from here on."""
        self._wait_seconds = min(seconds, self._wait_seconds)

    def data_version(self) -> int:
        """Changes when another connection has committed since the last look. Raises BrokerError."""
        with mapped():
            (version,) = self._sql.execute("PRAGMA data_version").fetchone()
        return int(version)

    def close(self) -> None:
        with mapped():
            self._sql.close()


def _create(path: Path) -> None:
    """Make it for its owner alone; never open one that is there.

    Whoever closes any descriptor of a file drops all locks of its process on it, those of SQLite's connections too.
    Another process then takes itself for the last one, and takes the write-ahead log away under the writers here
    (https://sqlite.org/howtocorrupt.html, 2.2). The lock keeps other threads from connecting before it is closed.
    """
    with _CREATING:
        if not path.exists():
            with suppress(FileExistsError):  # another process was faster
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _primary_code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
