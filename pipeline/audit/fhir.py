"""What each audit event is in FHIR's words, before the shape of a release: fhir_r4 and fhir_r5 write the same.

Codes are DICOM's (PS3.16, context groups 400 to 403) and FHIR's own; patterns are IHE BALP's:

- judged: a decision, made like BALP's AuthZconsent (Security Alert, execute; a refusal is a failure there too). The
  profile itself is not claimed: it is about a user's request and a consent, and a verdict has neither;
- viewed: PatientRead. erased: PatientDelete. exported, of one consultation: PrivacyDisclosure.Source. The profile is
  claimed (R4, where they are written for) only where all it asks for is known;
- verified, and viewed or exported without a consultation: about the trail itself (Audit Log Used, Export).

ConsultGuard knows no patient's id: the patient is whoever the consultation is about, under its pseudonym.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.audit.pseudonymous import Entry

Json = dict[str, object]


_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class Coding(NamedTuple):
    system: str
    code: str
    display: str

    def as_json(self) -> Json:
        return {"system": self.system, "code": self.code, "display": self.display}


_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
OURS = "urn:consultguard:"
"""Opens our own code system and the systems of identifiers: ids here mean something only beside this deployment."""


def _dicom(code: str, display: str) -> Coding:
    return Coding("http://dicom.nema.org/resources/ontology/DCM", code, display)


_ACTIVITY = _dicom("110100", "Application Activity")
_LOG_USED = _dicom("110101", "Audit Log Used")
_EXPORT = _dicom("110106", "Export")
_IMPORT = _dicom("110107", "Import")
_ALERT = _dicom("110113", "Security Alert")
_REST = Coding(_TERMINOLOGY + "audit-event-type", "rest", "Restful Operation")

APPLICATION = _dicom("110150", "Application")
DESTINATION = _dicom("110152", "Destination Role ID")
SOURCE = _dicom("110153", "Source Role ID")
CUSTODIAN = Coding(_TERMINOLOGY + "provenance-participant-type", "custodian", "Custodian")
_RECIPIENT = Coding(_TERMINOLOGY + "v3-ParticipationType", "IRCP", "information recipient")
_AUTHOR = Coding(_TERMINOLOGY + "v3-ParticipationType", "AUT", "author (originator)")
_HUMAN = Coding(_TERMINOLOGY + "extra-security-role-type", "humanuser", "human user")
SERVER = Coding(_TERMINOLOGY + "security-source-type", "4", "Application Server")

PERSON = Coding(_TERMINOLOGY + "audit-entity-type", "1", "Person")
SYSTEM_OBJECT = Coding(_TERMINOLOGY + "audit-entity-type", "2", "System Object")
OTHER = Coding(_TERMINOLOGY + "audit-entity-type", "4", "Other")
PATIENT = Coding(_TERMINOLOGY + "object-role", "1", "Patient")
REPORT = Coding(_TERMINOLOGY + "object-role", "3", "Report")
SECURITY_RESOURCE = Coding(_TERMINOLOGY + "object-role", "13", "Security Resource")

OUTCOMES = {"0": "Success", "4": "Minor failure", "8": "Serious failure", "12": "Major failure"}
OUTCOME_SYSTEM = _TERMINOLOGY + "audit-event-outcome"

Action = Literal["C", "R", "U", "D", "E"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`family` is R4's type and R5's category; `particular` the subtypes that codes exist for."""

    family: Coding
    action: Action
    particular: tuple[Coding, ...] = ()


_READ = Coding("http://hl7.org/fhir/restful-interaction", "read", "read")
_DELETE = Coding("http://hl7.org/fhir/restful-interaction", "delete", "delete")
_DISCLOSE = Coding(_TERMINOLOGY + "iso-21089-lifecycle", "disclose", "Disclose Record Lifecycle Event")

_KINDS: Mapping[str, Kind] = {
    "judged": Kind(_ALERT, "E"),
    "skipped": Kind(_ACTIVITY, "E"),
    "duplicate": Kind(_ACTIVITY, "E"),
    "dead_lettered": Kind(_IMPORT, "C"),
    "started": Kind(_ACTIVITY, "E", (_dicom("110120", "Application Start"),)),
    "stopped": Kind(_ACTIVITY, "E", (_dicom("110121", "Application Stop"),)),
    "configuration_changed": Kind(_ALERT, "U", (_dicom("110131", "Software Configuration"),)),
    "policy_changed": Kind(_ALERT, "U", (_dicom("110129", "Security Configuration"),)),
    "key_rotated": Kind(_ALERT, "U", (_dicom("110135", "Object Security Attributes Changed"),)),
    "breaker_opened": Kind(_ACTIVITY, "E"),
    "breaker_closed": Kind(_ACTIVITY, "E"),
    "verified": Kind(_LOG_USED, "R"),
    "exported": Kind(_EXPORT, "R"),
    "erased": Kind(_REST, "D", (_DELETE,)),
    "viewed": Kind(_LOG_USED, "R"),
}
_OF_A_CONSULTATION: Mapping[str, Kind] = {
    "viewed": Kind(_REST, "R", (_READ,)),
    "exported": Kind(_EXPORT, "R", (_DISCLOSE,)),
}
_PROFILES = {"viewed": "PatientRead", "erased": "PatientDelete", "exported": "PrivacyDisclosure.Source"}
_USERS = {"viewed": _RECIPIENT, "erased": _AUTHOR, "exported": _RECIPIENT}

_LEVELS = {"safe": "0", "contested": "4", "unsafe": "8"}
"""A contested chunk is held back for a person, an unsafe one refused."""

_SUCCESSES = frozenset({"ok", "done", "verified", "sound", "intact", "holds", "success"})
_FAILURES = frozenset({"failed", "error", "refused", "denied", "broken", "flawed", "not_verified", "unverified"})
_PARTIAL = frozenset({"unfinished", "incomplete"})
_ASKED = "asked"
_DEATHS = frozenset({"fault"})
"""A process that ended of itself: the system died, as code 12 says."""

_SEVERITIES = {"0": "informational", "4": "notice", "8": "warning", "12": "error"}


def kind_of(entry: Entry) -> Kind:
    """An event of a later version is an activity of the application, under its own code; so is an erasure that is only
    asked for, as its record before the first key is destroyed says: nothing is deleted yet."""
    if entry.event == "erased" and entry.outcome == _ASKED:
        return Kind(_ACTIVITY, "E")
    kinds = _KINDS if entry.consult is None else {**_KINDS, **_OF_A_CONSULTATION}
    return kinds.get(entry.event, Kind(_ACTIVITY, "E"))


def codes_of(entry: Entry) -> tuple[Coding, ...]:
    """What happened, as others' codes have it and as ours does: R4's subtypes, R5's code."""
    return (*kind_of(entry).particular, Coding(OURS + "audit-event", entry.event, entry.event.replace("_", " ")))


def resource_id(entry: Entry) -> str | None:
    """The same for the same record, so that a second import finds it; None where the pseudonym is no FHIR id."""
    return entry.event_id if _ID.fullmatch(entry.event_id) else None


def outcome_of(entry: Entry) -> str:
    """0, 4, 8 or 12. A verification is a success only where its outcome says so."""
    if entry.event == "judged":
        return _LEVELS.get(entry.outcome, "8")
    if entry.event == "dead_lettered" or entry.outcome in _PARTIAL:
        return "4"
    if entry.event == "breaker_opened" or entry.outcome in _FAILURES:
        return "8"
    if entry.outcome in _DEATHS:
        return "12"
    return "8" if entry.event == "verified" and entry.outcome not in _SUCCESSES else "0"


def severity_of(entry: Entry) -> str:
    return _SEVERITIES[outcome_of(entry)]


@dataclass(frozen=True, slots=True)
class Agent:
    """`system` and `value` identify it; `host` is the pseudonym of where it ran, `uri` its address where it has one."""

    role: Coding
    system: str
    value: str
    requestor: bool
    display: str | None = None
    host: str | None = None
    uri: str | None = None


def who_of(agent: Agent) -> Json:
    """The Reference to it, which is the same in every version."""
    who: Json = {"identifier": {"system": agent.system, "value": agent.value}}
    return who if agent.display is None else who | {"display": agent.display}


def observer_of(entry: Entry) -> Agent:
    """The process that wrote the record: a service by its instance, a command by the host it ran on."""
    service = entry.actor_service
    if entry.by_person:
        return Agent(
            APPLICATION, OURS + "host", entry.host or "unknown", requestor=False, display=service, host=entry.host
        )
    instance = entry.actor or entry.host or "unknown"
    return Agent(APPLICATION, OURS + "instance", instance, requestor=True, display=service, host=entry.host)


def agents_of(entry: Entry) -> list[Agent]:
    """Who took part, in the roles of the pattern; exactly one asked for it."""
    observer = observer_of(entry)
    trail = Agent(
        SOURCE, OURS + "audit-chain", entry.chain_id, requestor=False, uri=f"{OURS}audit-chain:{entry.chain_id}"
    )
    match entry.event:
        case "viewed":
            agents = [_as(observer, DESTINATION), trail]
        case "erased":
            agents = [observer, _as(trail, CUSTODIAN)]
        case "exported" if entry.consult is not None and "recipient" in entry.detail:
            to = entry.detail["recipient"]
            agents = [_as(observer, SOURCE), Agent(DESTINATION, OURS + "recipient", to, requestor=False, host=to)]
        case _:
            agents = [observer]
    if entry.by_person:
        role = _USERS.get(entry.event, _HUMAN)
        agents.append(Agent(role, OURS + "person", entry.actor or "unknown", requestor=True))
    return agents


def _as(agent: Agent, role: Coding) -> Agent:
    return Agent(role, agent.system, agent.value, agent.requestor, agent.display, agent.host, agent.uri)


def profile_of(entry: Entry) -> str | None:
    """The BALP profile (R4) that the event meets, by its canonical address."""
    name = None if kind_of(entry).family == _ACTIVITY else _PROFILES.get(entry.event)
    known = entry.consult is not None and entry.host is not None and outcome_of(entry) == "0"
    if name is None or not known or (entry.event == "exported" and "recipient" not in entry.detail):
        return None
    return _BALP + name


def details_of(entry: Entry) -> dict[str, str | int]:
    """What the record says beside who, when and how: findings, versions, times, in words fit for a detail's type."""
    named: dict[str, object] = {
        "outcome": entry.outcome,
        "rule": entry.rule,
        "decided by": entry.decided_by,
        "categories": " ".join(entry.categories) or None,
        "score safe": entry.score_safe,
        "score contested": entry.score_contested,
        "score unsafe": entry.score_unsafe,
        "label mass": entry.label_mass,
        "policy": _joined(entry.policy_id, entry.policy_version),
        "model": _joined(entry.model_name, entry.model_revision),
        "prompt version": entry.prompt_version,
        "cleaner version": entry.cleaner_version,
        "temperature": entry.temperature,
        "max tokens": entry.max_tokens,
        "seed": entry.seed,
        "latency total ms": entry.latency_total_ms,
        "process": entry.process,
        "software version": entry.version,
        "input topic": entry.topic,
        "input partition": entry.partition,
        "input offset": entry.offset,
        "seq": entry.seq,
        "verdict": entry.verdict,
        **{f"detail {key}": value for key, value in entry.detail.items() if value},
    }
    return {key: value if type(value) is int else str(value) for key, value in named.items() if value is not None}


def _joined(name: str | None, version: str | None) -> str | None:
    return " ".join(part for part in (name, version) if part) or None
