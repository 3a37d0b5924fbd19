"""WebVTT as Zoom writes it, and as others do.

A reader of our own: a recording may have been cut off anywhere, and what can be read must be. Timing lines decide;
cue numbers, NOTE, STYLE and REGION blocks and unknown header lines are passed over.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import InputError
from pipeline.ingest.speaker_prefix import NameSplitter
from pipeline.ingest.utterance import IngestWarning, Utterance, WarningCode

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?\Z")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_TAG = re.compile(r"</?(?:v|c|i|b|u|ruby|rt|lang)(?:[.\s][^>]*)?>|<\d{1,4}:[\d:.]+>")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|\Z)")
_CUE_NUMBER = re.compile(r"\s*\d+\s*\Z")


@dataclass(frozen=True, slots=True)
class Transcript:
    """Utterances in the order in which they start, and what was odd."""

    utterances: tuple[Utterance, ...]
    warnings: tuple[IngestWarning, ...]


@dataclass(slots=True)
class _Cue:
    line: int
    started_at_ms: int
    ended_at_ms: int
    lines: list[str] = field(default_factory=list)


def read_vtt(path: Path) -> Transcript:
    """Read a file. Raises InputError where it cannot be opened or holds no cue at all."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    transcript = parse_vtt(content)
    if not transcript.utterances:
        raise InputError(f"{path}: no WebVTT cue in it; is it a transcript?")
    return transcript


def parse_vtt(content: bytes) -> Transcript:
    """Every cue that can be read. Never raises for what `content` is."""
    warnings: list[IngestWarning] = []
    lines = _lines(content, warnings)
    if not lines or not lines[0].startswith("WEBVTT"):
        warnings.append(IngestWarning(WarningCode.NO_HEADER, 1))
    cues = _cues(lines, warnings)
    utterances = sorted(_utterances(cues, warnings), key=lambda utterance: utterance.started_at_ms)
    return Transcript(tuple(utterances), tuple(sorted(warnings, key=lambda warning: warning.line)))


def _lines(content: bytes, warnings: list[IngestWarning]) -> list[str]:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content.decode(encoding, errors="replace")
    # Only the three line ends of the format: splitlines would also cut at U+2028 within what was said.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if "\ufffd" in line:
            warnings.append(IngestWarning(WarningCode.UNDECODABLE, number))
    return lines


def _cues(lines: Sequence[str], warnings: list[IngestWarning]) -> list[_Cue]:
    cues: list[_Cue] = []
    cue: _Cue | None = None
    passing_over = True  # the header, up to its blank line
    for number, line in enumerate(lines, start=1):
        if "-->" in line:
            cue = _opened(number, line, warnings)
            passing_over = cue is None
            if cue is not None:
                cues.append(cue)
        elif not line.strip():
            cue, passing_over = None, False
        elif cue is not None:
            cue.lines.append(line)
        elif _BLOCK.match(line):
            passing_over = True
        elif not passing_over and not _is_cue_id(lines, number):
            cut_off = number == len(lines)
            warnings.append(IngestWarning(WarningCode.TRUNCATED if cut_off else WarningCode.TEXT_OUTSIDE_CUE, number))
    _drop_cut_off_cue(cues, len(lines), warnings)
    return cues


def _opened(number: int, line: str, warnings: list[IngestWarning]) -> _Cue | None:
    match = _TIMING.match(line)
    if match is None:
        warnings.append(IngestWarning(WarningCode.BAD_TIMING, number))
        return None
    start, end = _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:])
    if end < start:
        warnings.append(IngestWarning(WarningCode.NEGATIVE_DURATION, number))
        end = start
    return _Cue(number, start, end)


def _milliseconds(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, fraction = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def _is_cue_id(lines: Sequence[str], number: int) -> bool:
    """Any one line right before a timing line is an id; a lone number at the end was going to be one."""
    following = lines[number] if number < len(lines) else ""
    return "-->" in following or _CUE_NUMBER.match(lines[number - 1]) is not None


def _drop_cut_off_cue(cues: list[_Cue], last_line: int, warnings: list[IngestWarning]) -> None:
    if cues and not cues[-1].lines:
        cues.pop()
        warnings.append(IngestWarning(WarningCode.TRUNCATED, last_line))


def _utterances(cues: Sequence[_Cue], warnings: list[IngestWarning]) -> Iterator[Utterance]:
    texts = [" ".join(line.strip() for line in cue.lines) for cue in cues]
    splitter = NameSplitter(html.unescape(_TAG.sub("", text)) for text in texts if not _VOICE.search(text))
    for cue, text in zip(cues, texts, strict=True):
        spoken = False
        for name, words in _voices(text, splitter):
            if words:
                spoken = True
                yield Utterance(name, words, cue.started_at_ms, cue.ended_at_ms)
        if not spoken:
            warnings.append(IngestWarning(WarningCode.EMPTY_CUE, cue.line))


def _voices(text: str, splitter: NameSplitter) -> Iterator[tuple[str | None, str]]:
    """The parts of a cue by speaker: after each `<v Name>`, or after one `Name: ` at the start."""
    first = _VOICE.search(text)
    if first is None:
        yield splitter.split(html.unescape(_TAG.sub("", text)).strip())
        return
    yield None, html.unescape(_TAG.sub("", text[: first.start()])).strip()
    for part in re.split(r"(?=<v[. \t])", text[first.start() :]):
        voice = _VOICE.match(part)
        words = part[voice.end() :] if voice else part
        name = html.unescape(voice[1]).strip() if voice else ""
        yield name or None, html.unescape(_TAG.sub("", words)).strip()
