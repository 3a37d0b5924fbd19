import sqlite3

import pytest

from pipeline.broker.local.faults import fault_of, mapped
from pipeline.errors import BrokerError, BrokerRefused, BrokerUnavailable


def failed(code: int, name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("a message of the library")
    error.sqlite_errorcode = code
    error.sqlite_errorname = name
    return error


PRIMARY_CODES = [
    "ERROR",
    "INTERNAL",
    "PERM",
    "ABORT",
    "BUSY",
    "LOCKED",
    "NOMEM",
    "READONLY",
    "INTERRUPT",
    "IOERR",
    "CORRUPT",
    "NOTFOUND",
    "FULL",
    "CANTOPEN",
    "PROTOCOL",
    "SCHEMA",
    "TOOBIG",
    "CONSTRAINT",
    "MISMATCH",
    "MISUSE",
    "NOLFS",
    "AUTH",
    "FORMAT",
    "RANGE",
    "NOTADB",
]


@pytest.mark.parametrize("name", [f"SQLITE_{word}" for word in PRIMARY_CODES])
def test_every_code_of_sqlite_has_an_exception_that_names_it(name: str) -> None:
    fault = fault_of(failed(getattr(sqlite3, name), name))

    assert isinstance(fault, BrokerError)
    assert name in str(fault)
    assert "a message of the library" not in str(fault)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_LOCKED])
def test_a_lock_may_open_later(code: int) -> None:
    assert isinstance(fault_of(failed(code, "SQLITE_BUSY")), BrokerUnavailable)


def test_a_full_disk_says_to_free_space() -> None:
    fault = fault_of(failed(sqlite3.SQLITE_FULL, "SQLITE_FULL"))

    assert isinstance(fault, BrokerUnavailable)
    assert "free space" in str(fault)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CORRUPT_INDEX, sqlite3.SQLITE_NOTADB])
def test_a_damaged_file_is_refused_and_says_backup(code: int) -> None:
    fault = fault_of(failed(code, "SQLITE_CORRUPT"))

    assert isinstance(fault, BrokerRefused)
    assert "backup" in str(fault)


def test_the_error_of_the_library_is_the_cause() -> None:
    error = failed(sqlite3.SQLITE_BUSY, "SQLITE_BUSY")
    with pytest.raises(BrokerUnavailable) as raised, mapped():
        raise error

    assert raised.value.__cause__ is error


def test_an_error_without_a_code_is_refused() -> None:
    assert isinstance(fault_of(sqlite3.ProgrammingError("Cannot operate on a closed database.")), BrokerRefused)
