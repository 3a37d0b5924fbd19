"""What an error costs, in the order of the policy's guide: an identifier passed as safe is the worst, then harm passed
as safe, then ordinary talk blocked, then ordinary talk sent to a person.

The guide gives the order; the numbers are ours, and only their ratios matter: an identifier let through is put at two
harms let through, seven consultations' turns blocked, or twenty looks of a reviewer.
"""

from pipeline.domain.taxonomy import Category, RiskLevel

PHI_PASSED = 20.0
HARM_PASSED = 10.0
DOUBT_PASSED = 5.0
"""A contested row passed as safe: a partial identifier or a doubtful remark that nobody sees."""
TALK_BLOCKED = 3.0
"""A safe or a contested row blocked."""
LOOK = 1.0
"""A safe or an unsafe row sent to a person: one look decides it, and nothing has flowed on."""


def cost(label: RiskLevel, category: Category | None, level: RiskLevel) -> float:
    """The cost of concluding `level` about a row that is `label`; 0 where it is right."""
    if level is label:
        return 0.0
    match level:
        case RiskLevel.CONTESTED:
            return LOOK
        case RiskLevel.UNSAFE:
            return TALK_BLOCKED
        case RiskLevel.SAFE if label is RiskLevel.CONTESTED:
            return DOUBT_PASSED
        case RiskLevel.SAFE:
            return PHI_PASSED if category is Category.PHI else HARM_PASSED
