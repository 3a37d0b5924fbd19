"""What a person decided about a verdict. It is appended with author, time and reason; no verdict is overwritten."""

from dataclasses import dataclass
from enum import StrEnum


class ReviewOutcome(StrEnum):
    UPHELD = "upheld"
    OVERTURNED = "overturned"


@dataclass(frozen=True, slots=True)
class ReviewDecision:
    verdict_id: str
    outcome: ReviewOutcome
    reviewer: str
    reason: str
    decided_at_ms: int
