"""AuditEvent as FHIR R4 has it (4.0.1; the structure of R4B, 4.3.0, is the same)."""

from pipeline.audit import fhir
from pipeline.audit.fhir import OURS, Agent, Json
from pipeline.audit.pseudonymous import Entry

_MACHINE_NAME, _URI = "1", "5"
"""Codes of http://hl7.org/fhir/network-type, a required binding."""


def audit_event_r4(entry: Entry) -> Json:
    """The resource of one record: type, subtype, action, recorded, outcome, agent, source, entity."""
    kind, outcome, profile = fhir.kind_of(entry), fhir.outcome_of(entry), fhir.profile_of(entry)
    resource: Json = {"resourceType": "AuditEvent"}
    if (identity := fhir.resource_id(entry)) is not None:
        resource["id"] = identity
    if profile is not None:
        resource["meta"] = {"profile": [profile]}
    return resource | {
        "type": kind.family.as_json(),
        "subtype": [coding.as_json() for coding in fhir.codes_of(entry)],
        "action": kind.action,
        "recorded": entry.recorded_at,
        "outcome": outcome,
        "outcomeDesc": entry.outcome,
        "agent": [_agent(agent) for agent in fhir.agents_of(entry)],
        "source": {"observer": fhir.who_of(fhir.observer_of(entry)), "type": [fhir.SERVER.as_json()]},
        "entity": _entities(entry),
    }


def _agent(agent: Agent) -> Json:
    body: Json = {
        "type": {"coding": [agent.role.as_json()]},
        "who": fhir.who_of(agent),
        "requestor": agent.requestor,
    }
    if agent.host is not None:
        body["network"] = {"address": agent.host, "type": _MACHINE_NAME}
    elif agent.uri is not None:
        body["network"] = {"address": agent.uri, "type": _URI}
    return body


def _entities(entry: Entry) -> list[Json]:
    """The patient and the thing acted on, each once as BALP counts them; the record in the trail, with its details."""
    entities: list[Json] = []
    if entry.consult is not None:
        patient: Json = {"type": "Patient", "identifier": {"system": OURS + "patient-of", "value": entry.consult}}
        entities.append({"what": patient, "type": fhir.PERSON.as_json(), "role": fhir.PATIENT.as_json()})
        system, value = ("chunk", entry.chunk) if entry.chunk is not None else ("consultation", entry.consult)
        thing: Json = {"identifier": {"system": OURS + system, "value": value}}
        entities.append({"what": thing, "type": fhir.SYSTEM_OBJECT.as_json(), "role": fhir.REPORT.as_json()})
    details = [
        {"type": name, "valueString": str(value)}  # R4 has strings and base64 only
        for name, value in fhir.details_of(entry).items()
    ]
    where: Json = {"identifier": {"system": OURS + "audit-record", "value": f"{entry.chain_id}#{entry.chain_seq}"}}
    role = fhir.SECURITY_RESOURCE.as_json()
    return [*entities, {"what": where, "type": fhir.OTHER.as_json(), "role": role, "detail": details}]
