"""A `Policy` as the TOML file that `load_policy` reads."""

import json
import re
from collections.abc import Iterator, Sequence

from pipeline.domain.policy import Calibration, CalibrationMethod, Policy

_LAST_NUMBER = re.compile(r"(\d+)(\D*)$")


def policy_toml(policy: Policy, *, comment: Sequence[str]) -> str:
    """The whole policy, opened by the lines of `comment`. Its thresholds carry no preset's shift; `preset` is named."""
    return "\n".join([*(f"# {line}" for line in comment), *_head(policy), *_sections(policy), ""])


def next_version(version: str) -> str:
    """The last number in it one higher, as wide as before: `1` to `2`, `2026-09` to `2026-10`; else with `-2`."""
    match = _LAST_NUMBER.search(version)
    if match is None:
        return f"{version}-2"
    number = str(int(match[1]) + 1).zfill(len(match[1]))
    return version[: match.start()] + number + match[2]


def _head(policy: Policy) -> Iterator[str]:
    yield f"id = {_text(policy.id)}"
    yield f"version = {_text(policy.version)}"
    if policy.preset != "none":
        yield f"preset = {_text(policy.preset)}"
    yield f"judge_unavailable = {_text(policy.judge_unavailable)}"
    yield f"contest_after_seconds = {float(policy.contest_after_seconds)!r}"
    yield f"ignored_categories = [{', '.join(_text(one) for one in sorted(policy.ignored_categories))}]"


def _sections(policy: Policy) -> Iterator[str]:
    yield "\n[categories]"
    yield from (f"{_text(word)} = {_text(category)}" for word, category in policy.categories.items())
    yield from _calibration(policy.calibration)
    threshold = policy.threshold
    yield "\n[threshold]"
    for name in ("safe", "unsafe", "label_mass", "band"):
        yield f"{name} = {float(getattr(threshold, name))!r}"
    for category, own in sorted(threshold.categories.items()):
        said = {"unsafe": own.unsafe, "contested": own.contested}
        pairs = ", ".join(f"{name} = {float(value)!r}" for name, value in said.items() if value is not None)
        yield f"categories.{category} = {{ {pairs} }}"
    yield from (f"languages.{language} = {float(safe)!r}" for language, safe in sorted(threshold.languages.items()))
    yield "\n[tripwires]"
    for kind, rule in policy.tripwires.items():
        level, least = _text(rule.level), float(rule.min_confidence)
        yield f"{kind} = {{ level = {level}, min_confidence = {least!r} }}"


def _calibration(calibration: Calibration) -> Iterator[str]:
    yield "\n[calibration]"
    yield f"method = {_text(calibration.method)}"
    if calibration.method is CalibrationMethod.NONE:
        return
    for name in ("dataset_sha256", "model_revision", "prompt_version"):
        yield f"{name} = {_text(getattr(calibration, name))}"
    if calibration.method is CalibrationMethod.TEMPERATURE:
        yield f"temperature = {float(calibration.temperature)!r}"
    else:
        for level, curve in calibration.curves.items():
            yield f"curves.{level} = [{', '.join(f'[{float(x)!r}, {float(y)!r}]' for x, y in curve)}]"


def _text(value: str) -> str:
    """JSON's strings are TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
