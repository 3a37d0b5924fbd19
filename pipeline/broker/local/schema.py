"""The tables of the log, and the number that says which build may open them."""

import sqlite3

from pipeline.errors import BrokerRefused

SCHEMA_VERSION = 1

# A record's place is one integer, partition_id * 2^40 + offset, so that it is the rowid: appending is a plain B-tree
# insert and a range of offsets is a range scan. That leaves 2^40 offsets a partition and 2^23 partitions.
OFFSET_BITS = 40
OFFSET_MASK = (1 << OFFSET_BITS) - 1

_TABLES = """
CREATE TABLE topics (
    topic_id INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL
);
CREATE TABLE partitions (
    partition_id      INTEGER PRIMARY KEY,
    topic_id          INTEGER NOT NULL REFERENCES topics (topic_id),
    number            INTEGER NOT NULL,
    begin_offset      INTEGER NOT NULL DEFAULT 0,
    end_offset        INTEGER NOT NULL DEFAULT 0,
    last_timestamp_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic_id, number)
);
CREATE TABLE records (
    place        INTEGER PRIMARY KEY,
    key          BLOB,
    value        BLOB NOT NULL,
    headers      BLOB,
    timestamp_ms INTEGER NOT NULL
);
CREATE TABLE group_offsets (
    group_name   TEXT NOT NULL,
    partition_id INTEGER NOT NULL REFERENCES partitions (partition_id),
    next_offset  INTEGER NOT NULL,
    PRIMARY KEY (group_name, partition_id)
) WITHOUT ROWID;
CREATE TABLE instances (
    instance_id TEXT PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    recoveries  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE members (
    group_name   TEXT NOT NULL,
    topic_id     INTEGER NOT NULL REFERENCES topics (topic_id),
    instance_id  TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    heartbeat_ms INTEGER NOT NULL,
    PRIMARY KEY (group_name, topic_id, instance_id)
) WITHOUT ROWID;
CREATE TABLE ownership (
    group_name   TEXT NOT NULL,
    partition_id INTEGER NOT NULL REFERENCES partitions (partition_id),
    instance_id  TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    PRIMARY KEY (group_name, partition_id)
) WITHOUT ROWID;
"""


def prepare(sql: sqlite3.Connection) -> None:
    """Create the tables in an empty file; refuse a file of a newer build. Raises BrokerRefused, sqlite3.Error."""
    if _version(sql) == 0:
        sql.execute("BEGIN IMMEDIATE")
        try:
            if _version(sql) == 0:  # another process may have been first
                for statement in filter(str.strip, _TABLES.split(";")):
                    sql.execute(statement)
                sql.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            sql.execute("COMMIT")
        except BaseException:
            if sql.in_transaction:
                sql.execute("ROLLBACK")
            raise
    found = _version(sql)
    if found != SCHEMA_VERSION:
        raise BrokerRefused(
            f"the log has schema version {found} and this build reads {SCHEMA_VERSION}; run the build that wrote it"
        )


def _version(sql: sqlite3.Connection) -> int:
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    return int(version)
