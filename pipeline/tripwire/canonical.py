"""Digit words as digits, without what stands between them: what patterns for written dates and numbers can read."""

from pipeline.tripwire.digits import DigitRun, digit_runs
from pipeline.tripwire.folding import Folded


def canonical(text: str) -> Folded | None:
    """Digits told one by one, as numerals side by side: `yao jiu ba wu年yi er月` is `1985年12月`.

    Between numerals of several digits pauses go only where a filler is among them. None where nothing changes.
    """
    pieces: list[str] = []
    positions: list[int] = []
    done = 0
    for run in digit_runs(text):
        if len(run.atoms) == 1 and not run.words:
            continue
        pieces.append(text[done : run.start])
        positions.extend(range(done, run.start))
        done = _add(run, text, pieces, positions)
    if done == 0:
        return None
    pieces.append(text[done:])
    positions.extend(range(done, len(text)))
    return Folded("".join(pieces), tuple(positions))


def _add(run: DigitRun, text: str, pieces: list[str], positions: list[int]) -> int:
    done = run.start
    before = None
    for atom in run.atoms:
        gap = text[done : atom.start]
        together = before is None or (len(before) == len(atom.digits) == 1) or any(map(str.isalpha, gap))
        if not together:
            pieces.append(gap)
            positions.extend(range(done, atom.start))
        single = len(set(atom.digits)) == 1
        said = atom.digits if single or not atom.word else text[atom.start : atom.end]
        pieces.append(said)
        last = len(said) - 1
        positions.extend(atom.start if single or not atom.word else atom.start + place for place in range(last))
        positions.append(atom.end - 1)
        before, done = atom.digits, atom.end
    return done
