"""What a judge engine promises."""

from typing import Protocol

from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity
from pipeline.domain.window import ContextWindow


class Judge(Protocol):
    """Reads windows. Called concurrently on one event loop; the same window gives the same answer."""

    @property
    def identity(self) -> ModelIdentity:
        """Model, revision and prompt version; known after `start`."""

    async def start(self) -> None:
        """Connect or load, and check that the model's tokens and template are what the profile says.

        Raises JudgeUnavailable (try again later), JudgeMisconfigured (do not).
        """

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        """The model's finding about `window.chunk`; an unreadable answer is an Abstention, never a guess.

        Raises JudgeUnavailable when no answer came. Cancelling is safe.
        """

    async def close(self) -> None:
        """Release everything; a second call does nothing."""
