"""What speech and its recogniser do to text: fillers, repeats, lost case and punctuation."""

import random
import re

_FILLERS = {
    "en": ("um", "uh", "uh,", "um,", "you know,", "I mean", "like", "er", "well", "so", "hmm"),
    "zh": ("嗯", "那个", "就是", "呃", "这个", "然后", "就是说", "啊"),
    "es": ("eh", "este", "pues", "bueno"),
    "fr": ("euh", "ben", "alors", "enfin"),
    "de": ("äh", "ähm", "also", "na ja"),
    "ja": ("えーと", "あの", "まあ", "その"),
    "ar": ("يعني", "اه", "طيب"),
}
_PUNCTUATION = re.compile(r"[.,!?;:…，。！？；：、؟،]")
_KEEP_DOTS = re.compile(r"(?<=[\w])[.:](?=[\w])")
_FILLERS_PER_WORD = 0.05


def roughen(text: str, lang: str, rng: random.Random) -> str:
    """`text` as a recogniser may hand it over. The words that carry its label stay."""
    style, filled = rng.random(), rng.random() < 0.35
    if filled:
        text = add_fillers(text, lang, rng)
    if style < 0.22:
        return strip_punctuation(text).lower()
    if style < 0.30:
        return strip_punctuation(text)
    if style < 0.36:
        return text.lower()
    if style < 0.40 and lang in ("en", "es", "fr"):
        return re.sub(r"(?<=\w)([,.?!])(?=\s|$)", r" \1", text.lower())
    return text


def add_fillers(text: str, lang: str, rng: random.Random) -> str:
    """Fillers at about five per hundred words, and now and then a repeated word."""
    if lang in ("zh", "ja"):
        parts = re.split(r"(?<=[，。、？])", text)
        return "".join((rng.choice(_FILLERS[lang]) if p and rng.random() < 0.3 else "") + p for p in parts)
    out: list[str] = []
    for word in text.split():
        if rng.random() < _FILLERS_PER_WORD * 1.5:
            out.append(rng.choice(_FILLERS.get(lang, _FILLERS["en"])))
        out.append(word)
        if word.isalpha() and len(word) < 5 and rng.random() < 0.02:
            out.append(word)
    return " ".join(out)


def strip_punctuation(text: str) -> str:
    """Sentence marks removed; dots and colons inside numbers, times and addresses stay."""
    kept = _KEEP_DOTS.sub(lambda match: "\0" if match.group() == "." else "\1", text)
    return " ".join(_PUNCTUATION.sub(" ", kept).split()).replace("\0", ".").replace("\1", ":")
