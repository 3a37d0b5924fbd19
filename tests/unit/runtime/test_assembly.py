"""What is assembled is what the settings ask for."""

import pytest

from pipeline.broker.topics import SIX_YEARS_MS, TEN_YEARS_MS
from pipeline.runtime.assembly import audit_retention_ms, build_topic_specs
from pipeline.settings import load_settings


@pytest.mark.parametrize(
    ("rule", "number_ms", "kept_ms"),
    [
        ("hipaa", SIX_YEARS_MS, SIX_YEARS_MS),
        ("astm", SIX_YEARS_MS, TEN_YEARS_MS),
        ("hipaa", TEN_YEARS_MS + 1, TEN_YEARS_MS + 1),
    ],
)
def test_the_trail_is_kept_by_whichever_of_rule_and_number_asks_for_more(
    rule: str, number_ms: int, kept_ms: int
) -> None:
    settings = load_settings(topics={"audit_retention": rule, "audit_retention_ms": number_ms})

    assert audit_retention_ms(settings) == kept_ms
    (audit,) = (spec for spec in build_topic_specs(settings) if spec.name == "consult.audit")
    assert audit.retention_ms == kept_ms
