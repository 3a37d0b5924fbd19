"""`strict` and `loose`: a policy's own thresholds, shifted. Data, and the one rule that applies it.

| preset | safe | unsafe | band | in words |
|---|---|---|---|---|
| `strict` | doubt halved: 0.8 to 0.9 | four fifths: 0.5 to 0.4 | halved | fewer pass, more are blocked |
| `loose` | half more doubt: 0.8 to 0.7, 0.5 the least | six fifths: 0.5 to 0.6 | none | fewer are stopped |

"Doubt" is what is left to 1. Thresholds of categories shift as `unsafe` does, those of languages as `safe`. Tripwires,
the label-mass floor, ignored categories and what an abstention gets are the same under each: no preset passes an
identifier that a rule found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from pipeline.domain.policy import CategoryThreshold, Policy, Threshold

PresetName = Literal["none", "strict", "loose"]

LEAST_SAFE = 0.5
"""Below one half the label would not be the likelier one."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Factors: of the doubt that a safe label may leave, of the thresholds of unsafe, and of the band."""

    safe_doubt: float
    unsafe: float
    band: float


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "strict": Preset(safe_doubt=0.5, unsafe=0.8, band=0.5),
        "loose": Preset(safe_doubt=1.5, unsafe=1.2, band=0.0),
    }
)


def with_preset(policy: Policy, name: PresetName) -> Policy:
    """The policy with its thresholds shifted; its version says so, because its verdicts differ."""
    if name == "none":
        return policy
    threshold = _shifted(policy.threshold, PRESETS[name])
    return replace(policy, version=f"{policy.version}+{name}", threshold=threshold, preset=name)


def _shifted(threshold: Threshold, preset: Preset) -> Threshold:
    return replace(
        threshold,
        safe=_surer(threshold.safe, preset),
        unsafe=_scaled(threshold.unsafe, preset),
        band=threshold.band * preset.band,
        categories={
            category: CategoryThreshold(
                None if own.unsafe is None else _scaled(own.unsafe, preset),
                None if own.contested is None else _scaled(own.contested, preset),
            )
            for category, own in threshold.categories.items()
        },
        languages={language: _surer(safe, preset) for language, safe in threshold.languages.items()},
    )


def _surer(safe: float, preset: Preset) -> float:
    return max(LEAST_SAFE, 1 - (1 - safe) * preset.safe_doubt)


def _scaled(threshold: float, preset: Preset) -> float:
    return min(1.0, threshold * preset.unsafe)
