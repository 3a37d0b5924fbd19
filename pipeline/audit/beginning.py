"""Whether a chain that starts in the middle may: only where retention was due to cut what is missing.

What is gone tells nothing about itself. That it was old enough is shown by the record it now starts with, where that
is as old as retention asks; or, for a chain that was quiet for long, by a checkpoint that is as old and covers it. And
where checkpoints are given, the newest has to cover what was cut, or nobody knows that it ever was in this chain.
"""

from dataclasses import dataclass

from pipeline.audit.checkpoint import Checkpoint
from pipeline.audit.verify import Signed
from pipeline.domain.audit import ChainHead

_RETENTION_SLACK_MS = 86_400_000
"""A broker removes whole segments, so what is left begins up to a segment before it must; more is a flaw."""


def oldest_kept_ms(*, retention_ms: int, now_ms: int) -> int:
    """A topic may begin in the middle only with a record at least as old as this."""
    return now_ms - retention_ms + _RETENTION_SLACK_MS


@dataclass(frozen=True, slots=True)
class Cut:
    """Retention took the records of a chain before number `began`. `checkpoint_seq` is the newest checkpoint, which
    covers them; None where none was given to hold the chain against."""

    chain_id: str
    began: int
    checkpoint_seq: int | None

    @property
    def words(self) -> str:
        covered = (
            "give --public-key to see that a checkpoint covers it"
            if self.checkpoint_seq is None
            else f"checkpoint {self.checkpoint_seq} covers it"
        )
        return f"chain {self.chain_id} begins with record {self.began}: retention cut what was before; {covered}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one chain: what the newest checkpoint says of it, and the newest of those issued `oldest_ms` or
    before. `checkpoint_seq` is the newest's number, None where there is none."""

    chain_id: str
    checkpoint_seq: int | None
    signed: Signed | None
    aged: Signed | None
    oldest_ms: int

    def cut(self, began: int, *, first_ms: int | None) -> Cut | str:
        """Whether the chain may start with number `began`, written at `first_ms` (None: nothing is left of it); or
        why it may not, in words."""
        covered = self.checkpoint_seq is None or (self.signed is not None and self.signed.size >= began)
        if not covered:
            return "and no checkpoint covers them"
        by_record = first_ms is not None and first_ms <= self.oldest_ms
        by_checkpoint = self.aged is not None and self.aged.size >= began
        if not (by_record or by_checkpoint):
            return "and nothing shows that they were old enough for retention to cut them"
        return Cut(self.chain_id, began, self.checkpoint_seq)

    def head_before(self, began: int) -> ChainHead | None:
        """What record `began` has to follow, where a checkpoint ends just there."""
        for signed in (self.signed, self.aged):
            if signed is not None and signed.size == began:
                return ChainHead(began - 1, signed.hash)
        return None


def signed_in(checkpoint: Checkpoint | None) -> dict[str, Signed]:
    """What a checkpoint says of each chain."""
    return {} if checkpoint is None else {chain.id: Signed(chain.size, chain.head) for chain in checkpoint.chains}
