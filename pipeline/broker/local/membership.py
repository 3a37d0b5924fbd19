"""One member of one group, as rows that every process can see."""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.broker.local.assignment import fair_share
from pipeline.broker.local.catalog import Topic
from pipeline.broker.local.database import Database
from pipeline.clock import Clock
from pipeline.errors import Fenced

_BEAT = (
    "INSERT INTO members (group_name, topic_id, instance_id, epoch, heartbeat_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET epoch = excluded.epoch, heartbeat_ms = excluded.heartbeat_ms"
)
_EXPIRE = "DELETE FROM members WHERE group_name = ? AND topic_id = ? AND instance_id <> ? AND abs(? - heartbeat_ms) > ?"
_FREE_ORPHANS = (
    "DELETE FROM ownership WHERE group_name = ? "
    "AND partition_id IN (SELECT partition_id FROM partitions WHERE topic_id = ?) "
    "AND NOT EXISTS (SELECT 1 FROM members WHERE members.group_name = ownership.group_name AND members.topic_id = ? "
    "AND members.instance_id = ownership.instance_id AND members.epoch = ownership.epoch)"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a look at the group found, as partition ids.

    `kept` was owned before and still is; `claimed` was free and now is owned; `surplus`, part of `kept`, is due to
    others and must be released.
    """

    kept: frozenset[int]
    claimed: frozenset[int]
    surplus: frozenset[int]


class Membership:
    """Heartbeats, ownership and the fencing epoch of one instance. Every method may raise BrokerError."""

    def __init__(
        self,
        database: Database,
        topic: Topic,
        *,
        group: str,
        instance_id: str,
        clock: Clock,
        session_timeout_seconds: float,
    ) -> None:
        self._database = database
        self._topic = topic
        self._group = group
        self._instance_id = instance_id
        self._clock = clock
        self._timeout_ms = round(session_timeout_seconds * 1000)
        self._last_look_ms: int | None = None
        self._trust_heartbeats_from_ms = 0
        self._epoch = 0

    def join(self) -> None:
        """Take the instance id over: whoever held it is fenced from here on, and what it owned is free at once."""
        with self._database.amend() as sql:
            sql.execute(
                "INSERT INTO instances (instance_id, epoch) VALUES (?, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1",
                (self._instance_id,),
            )
            self._epoch = self._current_epoch(sql)
            self.beat(sql)
            self._free_orphans(sql)

    def look(self) -> Standing:
        """Beat, expire the silent, claim what is due and free. Raises Fenced."""
        now_ms = self._clock.now_ms()
        with self._database.amend() as sql:
            self.refuse_if_fenced(sql)
            kept = self.owned(sql)
            self.beat(sql)
            self._expire(sql, now_ms)
            owners = self._owners(sql)
            target = fair_share(self._topic.partition_ids, self._members(sql), owners=owners)
            due = frozenset(partition for partition, member in target.items() if member == self._instance_id)
            claimed = due - owners.keys()
            self._claim(sql, claimed)
        return Standing(kept=kept, claimed=claimed, surplus=kept - due)

    def release(self, partitions: Collection[int]) -> None:
        """Leave these to others. Nothing happens to those no longer owned."""
        with self._database.amend() as sql:
            self._release(sql, partitions)

    def leave(self) -> None:
        """Release everything and be gone. Does nothing to a successor with the same id."""
        with self._database.amend() as sql:
            sql.execute(
                "DELETE FROM members WHERE group_name = ? AND topic_id = ? AND instance_id = ? AND epoch = ?",
                (self._group, self._topic.topic_id, self._instance_id, self._epoch),
            )
            self._release(sql, self.owned(sql))

    def refuse_if_fenced(self, sql: sqlite3.Connection) -> None:
        """Raises Fenced when a newer holder of this instance id has joined."""
        if self._current_epoch(sql) != self._epoch:
            raise Fenced(f"instance {self._instance_id} was opened again elsewhere; this one stops")

    def settle(self, sql: sqlite3.Connection) -> None:
        """Beat, and count a recovery inside the caller's transaction.

        The count always changes a page, so the transaction overwrites what a failed commit may have left in the
        write-ahead log; a heartbeat within the same millisecond would write nothing.
        """
        sql.execute("UPDATE instances SET recoveries = recoveries + 1 WHERE instance_id = ?", (self._instance_id,))
        self.beat(sql)

    def owned(self, sql: sqlite3.Connection) -> frozenset[int]:
        """The partitions this member owns, as committed or as seen by the caller's transaction."""
        rows = sql.execute(
            "SELECT partition_id FROM ownership WHERE group_name = ? AND instance_id = ? AND epoch = ?",
            (self._group, self._instance_id, self._epoch),
        )
        return frozenset(row[0] for row in rows) & frozenset(self._topic.partition_ids)

    def _current_epoch(self, sql: sqlite3.Connection) -> int:
        row = sql.execute("SELECT epoch FROM instances WHERE instance_id = ?", (self._instance_id,)).fetchone()
        return 0 if row is None else int(row[0])

    def beat(self, sql: sqlite3.Connection) -> None:
        """Show that this member lives, inside the caller's transaction."""
        row = (self._group, self._topic.topic_id, self._instance_id, self._epoch, self._clock.now_ms())
        sql.execute(_BEAT, row)

    def _expire(self, sql: sqlite3.Connection, now_ms: int) -> None:
        if self._may_judge_others(now_ms):
            topic_id = self._topic.topic_id
            sql.execute(_EXPIRE, (self._group, topic_id, self._instance_id, now_ms, self._timeout_ms))
        self._free_orphans(sql)

    def _may_judge_others(self, now_ms: int) -> bool:
        """Whether an old heartbeat means a silent member.

        When this member's own looks lie far apart by the wall clock, the machine slept or its clock was set; then
        everybody's heartbeat is old, and the others get one session timeout to beat again.
        """
        since_last_ms = 0 if self._last_look_ms is None else now_ms - self._last_look_ms
        if not 0 <= since_last_ms <= self._timeout_ms // 2:
            self._trust_heartbeats_from_ms = now_ms + self._timeout_ms
        self._last_look_ms = now_ms
        return now_ms >= self._trust_heartbeats_from_ms

    def _free_orphans(self, sql: sqlite3.Connection) -> None:
        sql.execute(_FREE_ORPHANS, (self._group, self._topic.topic_id, self._topic.topic_id))

    def _members(self, sql: sqlite3.Connection) -> frozenset[str]:
        rows = sql.execute(
            "SELECT instance_id FROM members WHERE group_name = ? AND topic_id = ?", (self._group, self._topic.topic_id)
        )
        return frozenset(row[0] for row in rows)

    def _owners(self, sql: sqlite3.Connection) -> dict[int, str]:
        rows = sql.execute(
            "SELECT partition_id, ownership.instance_id FROM ownership JOIN partitions USING (partition_id) "
            "WHERE group_name = ? AND topic_id = ?",
            (self._group, self._topic.topic_id),
        )
        return dict(rows.fetchall())

    def _claim(self, sql: sqlite3.Connection, partitions: Iterable[int]) -> None:
        sql.executemany(
            "INSERT INTO ownership (group_name, partition_id, instance_id, epoch) VALUES (?, ?, ?, ?)",
            [(self._group, partition, self._instance_id, self._epoch) for partition in partitions],
        )

    def _release(self, sql: sqlite3.Connection, partitions: Iterable[int]) -> None:
        sql.executemany(
            "DELETE FROM ownership WHERE group_name = ? AND partition_id = ? AND instance_id = ? AND epoch = ?",
            [(self._group, partition, self._instance_id, self._epoch) for partition in partitions],
        )
