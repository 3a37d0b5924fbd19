"""The red team's catalogue: named, seeded transforms of a labelled case that leave its label true.

What a case identifies is the same after each; only how it is said, spelt, written or surrounded changes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from random import Random

from pipeline.errors import InputError
from pipeline.evaluate import attacks_forms as forms
from pipeline.evaluate.attacks_injection import PAYLOADS, SLOTS, Payload, Slot, listener_of
from pipeline.evaluate.attacks_locate import IdentifierKind, Located, locate
from pipeline.evaluate.attacks_words import BACK_CHANNELS, LOOKALIKES
from pipeline.evaluate.datasets import Case

Transform = Callable[[Case, Random], Case | None]
Rewrite = Callable[[str, Random], str]

_NAME = re.compile(r"(?<![.!?:] )(?<=[\w,;] )[A-Z][a-zß-ÿ]{2,}|[A-Z][a-z]{2,}(?=[^\x00-\x7f])")
_FEWEST_A_PART, _MOST_PARTS = 2, 4
_SEPARATORS = " ,.-/·，、。"
_DIGITS_A_TURN = 12
"""A telephone number with its country's code: twice the turns that a judge's window has."""


@dataclass(frozen=True, slots=True)
class Attack:
    """`transform` gives the attacked case, or None where the attack has nothing to take hold of. Pure but for the
    generator handed in."""

    name: str
    transform: Transform

    def on(self, case: Case, *, seed: int) -> Case | None:
        """The same for the same seed, whatever else is attacked. Never the case itself."""
        rng = Random(f"{seed}:{self.name}:{case.dataset}:{case.id}")  # noqa: S311 - reproducible, not secret
        attacked = self.transform(case, rng)
        return None if attacked == case else attacked


def _lang(case: Case) -> str:
    return case.lang.replace("_", "-").partition("-")[0].lower()


def _reformed(case: Case, rng: Random, *, form: forms.Form, others: Rewrite | None = None) -> Case | None:
    """Every numeric identifier of the chunk in another form; of a chunk without one, what `others` makes of it."""
    text = case.text
    found = locate(text)
    if not found:
        return _with_turns(case, (others(text, rng),)) if others else None
    changed = text
    for one in reversed(found):
        said = form(text, one, _lang(case), rng)
        if said is not None:
            changed = changed[: one.start] + said + changed[one.end :]
    return _with_turns(case, (changed,))


def _split(case: Case, rng: Random) -> Case | None:
    """The last identifier in two to four turns of one speaker, the other's back-channels between them."""
    found = locate(case.text)
    if not found:
        return None
    sounds = BACK_CHANNELS.get(_lang(case), BACK_CHANNELS["en"])
    return _with_turns(case, _parts(case.text, found[-1], _cuts(found[-1], rng)), lambda: rng.choice(sounds))


def _one_a_turn(case: Case, _rng: Random) -> Case | None:
    """The last twelve symbols of the last number each in a turn of its own."""
    found = [one for one in locate(case.text) if one.kind is not IdentifierKind.EMAIL]
    if not found:
        return None
    one = found[-1]
    size = len(one.symbols)
    return _with_turns(case, _parts(case.text, one, range(max(1, size - _DIGITS_A_TURN + 1), size)))


def _cuts(one: Located, rng: Random) -> list[int]:
    """The symbols that begin a part: where groups begin, else at random; parts of at least two symbols."""
    size = len(one.symbols)
    inner = range(_FEWEST_A_PART, size - _FEWEST_A_PART + 1)
    places = sorted(one.breaks) or list(inner)
    wanted = rng.randint(1, min(_MOST_PARTS - 1, len(places)))
    cuts: list[int] = []
    for place in sorted(rng.sample(places, wanted)):
        if one.breaks or place - (cuts[-1] if cuts else 0) >= _FEWEST_A_PART:
            cuts.append(place)
    return cuts


def _parts(text: str, one: Located, cuts: Iterable[int]) -> list[str]:
    places = [0, *(one.symbols[number].start for number in cuts), len(text)]
    *earlier, last = (text[start:end] for start, end in pairwise(places))
    return [*(piece.rstrip(_SEPARATORS) for piece in earlier), last]


def _with_turns(case: Case, texts: Iterable[str], between: Callable[[], str] | None = None) -> Case:
    """The case with its last turn said in these, one after the other."""
    *turns, (role, _) = case.turns
    for number, text in enumerate(texts):
        if number and between:
            turns.append((listener_of(role), between()))
        turns.append((role, text))
    return replace(case, turns=tuple(turns))


def _wide(text: str, _rng: Random) -> str:
    return forms.widened(text)


def _alike(text: str, _rng: Random) -> str:
    return text.translate(LOOKALIKES)


def _names_by_sound(text: str, _rng: Random) -> str:
    return _NAME.sub(lambda match: forms.transliterated(match[0]).capitalize(), text)


def _names_spaced(text: str, _rng: Random) -> str:
    return _NAME.sub(lambda match: " ".join(match[0]), text)


def _injected(case: Case, rng: Random, *, slot: Slot, payload: Payload) -> Case:
    return slot(case, payload(_lang(case), rng))


ATTACKS: tuple[Attack, ...] = (
    Attack("split_over_chunks", _split),
    Attack("one_symbol_a_turn", _one_a_turn),
    Attack("spelled_digits", partial(_reformed, form=forms.spelled)),
    Attack("pinyin", partial(_reformed, form=forms.pinyin)),
    Attack("homophones", partial(_reformed, form=forms.similar)),
    Attack("full_width", partial(_reformed, form=forms.full_width, others=_wide)),
    Attack("zero_width", partial(_reformed, form=forms.with_invisible, others=forms.sprinkled)),
    Attack("homoglyphs", partial(_reformed, form=forms.looking_alike, others=_alike)),
    Attack("inserted_spaces", partial(_reformed, form=forms.spaced, others=_names_spaced)),
    Attack("fillers_inside", partial(_reformed, form=forms.filled)),
    Attack("code_switch", partial(_reformed, form=forms.code_switched)),
    Attack("transliteration", partial(_reformed, form=forms.by_sound, others=_names_by_sound)),
    *(
        Attack(f"injection_{slot}_{payload}", partial(_injected, slot=SLOTS[slot], payload=PAYLOADS[payload]))
        for slot in SLOTS
        for payload in PAYLOADS
    ),
)


def chosen(names: Iterable[str]) -> tuple[Attack, ...]:
    """The attacks of these names, or that begin with one of them; all where none is given.

    Raises InputError for a name that is no attack's.
    """
    wanted = tuple(names)
    for name in wanted:
        if not any(attack.name.startswith(name) for attack in ATTACKS):
            raise InputError(f"no attack is named {name}; there are {', '.join(attack.name for attack in ATTACKS)}")
    return tuple(attack for attack in ATTACKS if not wanted or attack.name.startswith(wanted))
