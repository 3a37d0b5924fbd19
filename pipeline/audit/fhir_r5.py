"""AuditEvent as FHIR R5 has it (5.0.0): category and code for type and subtype, outcome a part of its own, patient and
encounter beside the entities."""

from pipeline.audit import fhir
from pipeline.audit.fhir import OURS, Agent, Coding, Json
from pipeline.audit.pseudonymous import Entry


def audit_event_r5(entry: Entry) -> Json:
    """The resource of one record: category, code, action, severity, recorded, outcome, agent, source, entity."""
    resource: Json = {"resourceType": "AuditEvent"}
    if (identity := fhir.resource_id(entry)) is not None:
        resource["id"] = identity
    resource |= {
        "category": [_concept(fhir.kind_of(entry).family)],
        "code": _concept(*fhir.codes_of(entry)),
        "action": fhir.kind_of(entry).action,
        "severity": fhir.severity_of(entry),
        "recorded": entry.recorded_at,
        "outcome": _outcome(entry),
    }
    if entry.consult is not None:
        resource["patient"] = _patient(entry.consult)
        resource["encounter"] = _reference("consultation", entry.consult) | {"type": "Encounter"}
    return resource | {
        "agent": [_agent(agent) for agent in fhir.agents_of(entry)],
        "source": {"observer": fhir.who_of(fhir.observer_of(entry)), "type": [_concept(fhir.SERVER)]},
        "entity": _entities(entry),
    }


def _concept(*codings: Coding) -> Json:
    return {"coding": [coding.as_json() for coding in codings]}


def _outcome(entry: Entry) -> Json:
    code = fhir.outcome_of(entry)
    coding = Coding(fhir.OUTCOME_SYSTEM, code, fhir.OUTCOMES[code])
    return {"code": coding.as_json(), "detail": [{"text": entry.outcome}]}


def _reference(system: str, value: str) -> Json:
    return {"identifier": {"system": OURS + system, "value": value}}


def _patient(consult: str) -> Json:
    return _reference("patient-of", consult) | {"type": "Patient"}


def _agent(agent: Agent) -> Json:
    body: Json = {"type": _concept(agent.role), "who": fhir.who_of(agent), "requestor": agent.requestor}
    if agent.host is not None:
        body["networkString"] = agent.host
    elif agent.uri is not None:
        body["networkUri"] = agent.uri
    return body


def _entities(entry: Entry) -> list[Json]:
    entities: list[Json] = []
    if entry.consult is not None:
        entities.append({"what": _patient(entry.consult), "role": _concept(fhir.PATIENT)})
        thing = _reference("chunk", entry.chunk) if entry.chunk else _reference("consultation", entry.consult)
        entities.append({"what": thing, "role": _concept(fhir.REPORT)})
    details = [_detail(name, value) for name, value in fhir.details_of(entry).items()]
    where = _reference("audit-record", f"{entry.chain_id}#{entry.chain_seq}")
    return [*entities, {"what": where, "role": _concept(fhir.SECURITY_RESOURCE), "detail": details}]


def _detail(name: str, value: str | int) -> Json:
    """FHIR's integer has 32 bits; an offset may have more."""
    small = isinstance(value, int) and abs(value) < 2**31
    return {"type": {"text": name}} | ({"valueInteger": value} if small else {"valueString": str(value)})
