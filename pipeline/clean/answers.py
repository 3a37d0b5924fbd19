"""Which texts are nothing but a sound that may be an answer, or may only show that somebody listens."""

import unicodedata

from pipeline.clean.lexicon import Lexicon

# "Mm-hmm, mm-hmm, okay." is one; a page of them is something else.
_LONGEST = 40


def is_only_answer_sounds(text: str, lexicon: Lexicon | None) -> bool:
    """`Mm-hmm.`, `uh-huh, okay`, `嗯嗯`: whichever it is, its meaning hangs on what it answers."""
    if lexicon is None or lexicon.answers is None or not text or len(text) > _LONGEST:
        return False
    return lexicon.answers.fullmatch(unicodedata.normalize("NFC", text)) is not None
