"""The questions an assessor reads out, and what of ConsultGuard answers each.

The words of the questions are those of NIST SP 800-66 Revision 2 (February 2024), table of 164.312(b) Audit Controls,
sample questions of its five key activities, and of 164.312(c) Integrity where it asks for a mechanism. A publication of
NIST is in the public domain (17 USC 105). A question for the organisation is answered as one: software has no policy.
"""

from dataclasses import dataclass

SOURCE = "NIST SP 800-66r2"


@dataclass(frozen=True, slots=True)
class Question:
    """`commands` as they are typed, `settings` as environment variables, `metrics` as they are exposed."""

    activity: str
    question: str
    answer: str
    commands: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


_TRACKED = "1. Determine the Activities that Will Be Tracked or Audited"
_TOOLS = "2. Select the Tools that Will Be Deployed for Auditing and System Activity Reviews"
_POLICY = "3. Develop and Deploy the Information System Activity Review/Audit Policy"
_PROCEDURES = "4. Develop Appropriate Standard Operating Procedures"
_REVIEW = "5. Implement the Audit/System Activity Review Process"
_INTEGRITY = "164.312(c) Implement a Mechanism to Authenticate ePHI"

_VERIFY = "consultguard audit verify"
_EXAMINE = "consultguard audit examine"
_EXPORT = "consultguard audit export"
_SHOW = "consultguard audit show"
_ERASE = "consultguard audit erase"
_TOPICS = "consultguard topics ensure"
_RETENTION = "CONSULTGUARD_TOPICS_AUDIT_RETENTION_MS"

QUESTIONS = (
    Question(
        _TRACKED,
        "Where is ePHI at risk in the organization?",
        "Yours to answer for the whole. In ConsultGuard: the topics of chunks, verdicts and dead letters hold "
        "transcript text; the audit trail holds it sealed; logs, metrics and headers hold none.",
        commands=("consultguard topics show",),
        settings=("CONSULTGUARD_DATA_DIR",),
    ),
    Question(
        _TRACKED,
        "What systems, applications, or processes make ePHI vulnerable to unauthorized or inappropriate tampering, "
        "uses, or disclosures?",
        "Whoever may write to the broker, and whoever has the keys. Hosts and actors that wrote records are listed "
        "with the day they were first seen; what they changed in the trail, verification names.",
        commands=(_EXAMINE, _VERIFY),
        settings=("CONSULTGUARD_KAFKA_SECURITY_PROTOCOL",),
    ),
    Question(
        _TRACKED,
        "What activities will be audited (e.g., creating ePHI, accessing ePHI, modifying ePHI, transmitting ePHI, "
        "and/or deleting files or records that contain ePHI)?",
        "Every chunk read leaves one record: judged, skipped, duplicate or dead-lettered. So do starts and stops, "
        "changes of configuration, policy and keys, the judge's breaker, verifications, exports, erasures, and each "
        "look at a sealed part. There is no setting that turns any of it off.",
        commands=(_EXAMINE, _SHOW),
        metrics=("consultguard_records_total",),
    ),
    Question(
        _TRACKED,
        "What should the audit record include (e.g., user responsible for the activity; event type, date, or time)?",
        "Event, outcome, time, actor, host, process and version; consultation, chunk and place in the input; verdict, "
        "rule, scores, policy, model, prompt version and sampling; its place in the chain and the hash before it "
        "(schemas/consult.audit-1.schema.json).",
        commands=(_SHOW, _EXPORT),
    ),
    Question(
        _TRACKED,
        "Are audit records generated for all systems/devices that create, store, process, or transmit ePHI?",
        "For everything that ConsultGuard does; other systems are yours to add, and FHIR AuditEvents are what they "
        "can be added with. Counts of chunks read and of records written are equal, and both are measured.",
        commands=(_EXPORT,),
        metrics=("consultguard_records_total", "consultguard_commits_total"),
    ),
    Question(
        _TOOLS,
        "What tools are in place?",
        "A chain of records on an append-only topic for each input partition, signed checkpoints, and the commands "
        "that verify, show, examine, export, prove and erase.",
        commands=(_VERIFY, _SHOW, _EXAMINE, _EXPORT, "consultguard audit prove", _ERASE),
    ),
    Question(
        _TOOLS,
        "What are the most appropriate monitoring tools for the organization (e.g., third party, freeware, or "
        "operating system-provided)?",
        "Yours to choose: metrics are Prometheus's, logs are JSON lines, and the trail exports to FHIR, JSON lines "
        "and CSV for whatever reads these.",
        commands=(_EXPORT,),
        settings=("CONSULTGUARD_LOG_FORMAT",),
    ),
    Question(
        _TOOLS,
        "Are changes/upgrades to information systems reasonable and appropriate?",
        "Each record names version, policy, model and prompt version; the report lists when they changed, and the "
        "replay judges recorded requests again and counts the verdicts that differ.",
        commands=(_EXAMINE, "consultguard replay"),
        settings=("CONSULTGUARD_POLICY_FILE", "CONSULTGUARD_VLLM_REVISION"),
    ),
    Question(
        _POLICY,
        "Who is responsible for the overall audit process and results?",
        "Yours to name. Who verified, examined, exported and erased is in the trail itself.",
        commands=(_EXAMINE,),
    ),
    Question(
        _POLICY,
        "How often will audits take place?",
        "Yours to set, and to run from a scheduler: verification exits with 0 only where all holds. Each run leaves a "
        "record, so the trail shows whether it took place.",
        commands=(_VERIFY,),
    ),
    Question(
        _POLICY,
        "How often will audit results be analyzed?",
        "Yours to set; weekly is a usual start. The report covers any period, and what it finds comes first in it.",
        commands=(_EXAMINE,),
    ),
    Question(
        _POLICY,
        "What is the organization’s sanction policy for employee violations?",
        "Yours to answer. What it can rest on is who opened, exported or erased what, and when.",
        commands=(_SHOW, _EXAMINE),
    ),
    Question(
        _POLICY,
        "Where will audit information reside (e.g., separate server)?",
        "On the audit topic, kept six years at least and never compacted, and as signed checkpoints at an anchor "
        "outside the writer's power. Topics that keep less are refused, with the difference.",
        commands=(_TOPICS,),
        settings=(
            _RETENTION,
            "CONSULTGUARD_AUDIT_ANCHOR",
            "CONSULTGUARD_TOPICS_REPLICATION",
            "CONSULTGUARD_TOPICS_MIN_INSYNC_REPLICAS",
        ),
    ),
    Question(
        _PROCEDURES,
        "Determine the types of audit trail data and monitoring procedures that will be needed to derive exception "
        "reports.",
        "The report opens with its exceptions: not verified, gaps, clocks going backwards, new hosts and actors, acts "
        "outside working hours, slow verdicts, abstentions, dead letters, overturned verdicts, erasures.",
        commands=(_EXAMINE,),
        metrics=("consultguard_abstentions_total", "consultguard_dead_letters_total"),
    ),
    Question(
        _PROCEDURES,
        "How will exception reports or logs be reviewed?",
        "As a page for people and as JSON for programs; any line leads back to the records of a consultation or chunk.",
        commands=(_EXAMINE, _SHOW),
    ),
    Question(
        _PROCEDURES,
        "Has the organization considered the use of automation to assist in the monitoring and review of system "
        "activity?",
        "Verification and examination are commands without questions, with exit codes and JSON; metrics can raise "
        "alerts.",
        commands=(_VERIFY, _EXAMINE),
        metrics=("consultguard_judge_breaker", "consultguard_paused", "consultguard_commits_total"),
    ),
    Question(
        _PROCEDURES,
        "Are the organization’s monitoring system activity and logs reviewed frequently enough to sufficiently "
        "protect ePHI?",
        "The events verified and exported in the report show how often; whether that is enough is yours to judge.",
        commands=(_EXAMINE,),
    ),
    Question(
        _PROCEDURES,
        "Where will monitoring reports be filed and maintained?",
        "Yours to choose: a report is one file that needs nothing else. Keep it six years (45 CFR 164.316(b)(2)(i)), "
        "as the trail is kept.",
        commands=(_EXAMINE,),
        settings=(_RETENTION,),
    ),
    Question(
        _PROCEDURES,
        "Is there a formal process in place to address system misuse, abuse, and fraudulent activity?",
        "Yours to have. A verification that fails names the first bad record and what is wrong with it, which is "
        "where that process starts.",
        commands=(_VERIFY, _SHOW),
    ),
    Question(
        _PROCEDURES,
        "How will managers and workforce members be notified, when appropriate, regarding suspect activity?",
        "By alerts on the metrics, and on the exit code of a scheduled verification.",
        commands=(_VERIFY,),
        metrics=("consultguard_dead_letters_total", "consultguard_judge_breaker"),
    ),
    Question(
        _REVIEW,
        "What mechanisms (e.g., metrics) will be implemented to assess the effectiveness of the audit process?",
        "Whether the trail verified and since when, gaps by chain, records by event, and transactions by outcome: a "
        "worker that cannot write its audit records commits nothing.",
        commands=(_VERIFY, _EXAMINE),
        metrics=("consultguard_records_total", "consultguard_commits_total", "consultguard_commit_seconds"),
    ),
    Question(
        _REVIEW,
        "What is the plan to revise the audit process when needed?",
        "Yours to have. Records carry the version of their schema, released fields keep their meaning, and older "
        "records verify as they were written.",
        commands=(_VERIFY, "consultguard schema write"),
    ),
    Question(
        _INTEGRITY,
        "What options exist to detect the unauthorized modification of ePHI?",
        "Each record carries the hash of the one before, sealed parts included as ciphertext, and checkpoints over "
        "all chains are signed and anchored elsewhere: altered, missing, reordered, inserted, cut and rolled back "
        "records are each found and named, without any decryption key.",
        commands=(_VERIFY,),
        settings=("CONSULTGUARD_AUDIT_CHECKPOINT_SECONDS", "CONSULTGUARD_AUDIT_PUBLIC_KEY_FILE"),
    ),
    Question(
        _INTEGRITY,
        "Are appropriate electronic authentication tools available?",
        "Ed25519 signatures over checkpoints, and an inclusion proof of one chunk's record that anyone checks offline "
        "with the public key alone.",
        commands=("consultguard keys init", "consultguard audit prove", "consultguard audit verify-proof"),
    ),
    Question(
        _INTEGRITY,
        "If ePHI is detected as altered by unauthorized users or improperly altered by authorized users, is a process "
        "in place to respond?",
        "Yours to have. A worker refuses to write after a record that does not continue its chain, so nothing is "
        "built on what was altered.",
        commands=(_VERIFY, "consultguard doctor"),
    ),
)
"""In the order of the publication; `pipeline.audit.examine_page` and the README show them."""
