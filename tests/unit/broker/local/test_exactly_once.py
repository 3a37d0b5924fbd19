"""Whatever workers do to each other, each record of the input is in the output exactly once, in order."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import CommitAborted, Fenced
from tests.unit.broker.local.site import SESSION_SECONDS, Site, Worker

PARTITIONS = 3
WHO = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(0, PARTITIONS - 1)),
        st.tuples(st.just("poll"), WHO),
        st.tuples(st.just("poll and commit"), WHO),
        st.tuples(st.just("commit"), WHO),
        st.tuples(st.just("give up and recover"), WHO),
        st.tuples(st.just("open again"), WHO),
        st.tuples(st.just("leave"), WHO),
        st.tuples(st.just("hang"), WHO),
        st.tuples(st.just("heartbeats"), WHO),
    ),
    max_size=40,
)


class Crowd:
    """Up to three workers with ids of their own; a fenced or closed one is replaced when it is next asked for."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.published = [0] * PARTITIONS
        self.workers: dict[int, Worker] = {}

    def worker(self, who: int) -> Worker:
        if who not in self.workers:
            self.workers[who] = self.site.worker(f"worker-{who}")
        return self.workers[who]

    def do(self, what: str, who: int) -> None:
        steps: dict[str, Callable[[int], None]] = {
            "publish": self.publish,
            "poll": lambda who: self.guarded(who, lambda worker: worker.poll(max_records=3)),
            "poll and commit": self.poll_and_commit,
            "commit": lambda who: self.guarded(who, Worker.commit),
            "give up and recover": lambda who: self.guarded(who, Worker.recover),
            "open again": self.open_again,
            "leave": self.leave,
            "hang": self.hang,
            "heartbeats": lambda _: self.pass_time(2, self.workers),
        }
        steps[what](who)

    def publish(self, partition: int) -> None:
        for _ in range(2):
            self.site.publish(b"%d" % self.published[partition], partition=partition)
            self.published[partition] += 1

    def guarded(self, who: int, step: Callable[[Worker], object]) -> None:
        try:
            step(self.worker(who))
        except CommitAborted:
            self.worker(who).recover()
        except Fenced:
            self.workers.pop(who).close()

    def poll_and_commit(self, who: int) -> None:
        self.guarded(who, lambda worker: worker.poll(max_records=3))
        self.guarded(who, Worker.commit)

    def open_again(self, who: int) -> None:
        """As after kill -9: nobody closes the predecessor, which may still try to commit."""
        before = self.workers.pop(who, None)
        self.worker(who)
        if before is not None and before.pending:
            try:
                before.commit()
            except Fenced:
                return
            raise AssertionError("a fenced worker committed")

    def leave(self, who: int) -> None:
        if who in self.workers:
            self.workers.pop(who).close()

    def hang(self, who: int) -> None:
        self.pass_time(SESSION_SECONDS + 2, [other for other in self.workers if other != who])

    def pass_time(self, seconds: float, polling: list[int] | dict[int, Worker]) -> None:
        for _ in range(round(seconds)):
            self.site.clock.advance(1.0)
            for who in list(polling):
                if who in self.workers:
                    self.guarded(who, lambda worker: worker.poll(max_records=1))

    def finish(self) -> None:
        """Everybody lives and works until nothing is left."""
        for _ in range(40):
            self.site.clock.advance(1.0)
            for who in list(self.workers) or [0]:
                self.guarded(who, lambda worker: worker.poll(max_records=100))
                self.guarded(who, Worker.commit)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_each_record_is_copied_exactly_once_in_order(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory, Site(Path(directory), partitions=PARTITIONS) as site:
        crowd = Crowd(site)
        for what, who in steps:
            crowd.do(what, who)
            for partition in range(PARTITIONS):
                assert len(site.values("sink", partition)) == (site.committed(partition) or 0)
        crowd.finish()

        for partition in range(PARTITIONS):
            assert site.values("sink", partition) == [b"%d" % n for n in range(crowd.published[partition])]
