"""`consultguard doctor`: every setting and connection tried, and for each failure what mends it."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr

from pipeline.broker.topics import differences
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, console, print_json, print_table
from pipeline.clock import SystemClock
from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import CleanChunk, SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.domain.window import ContextWindow
from pipeline.errors import ConsultGuardError
from pipeline.keys.providers import build_key_provider, key_file_of, source_of
from pipeline.log import configure
from pipeline.runtime.assembly import build_policy, build_topic_specs
from pipeline.runtime.engines import build_broker, build_explainer, build_judge
from pipeline.settings import PREFIX, Settings, variable

EXAMPLES = """Examples:\n
  consultguard doctor\n
  consultguard doctor --settings --json\n
  CONSULTGUARD_BROKER=kafka CONSULTGUARD_JUDGE=vllm consultguard doctor\n
Exit code 0 where everything is well, 1 where something is not.
"""
_PROBE = "The cough is better since Monday and I sleep through the night."
_PROBE_FINDING = Judgment(
    RiskLevel.CONTESTED, None, None, ModelIdentity("doctor", "1", "1"), (Category.MEDICAL_ADVICE,)
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing tried. `mend` is empty where it is well."""

    check: str
    ok: bool
    detail: str
    mend: str = ""


class _NotWell(Exception):
    """A check's own finding; never leaves this module."""

    def __init__(self, detail: str, mend: str) -> None:
        super().__init__(detail)
        self.detail, self.mend = detail, mend


def doctor(
    *,
    settings_only: Annotated[
        bool, typer.Option("--settings", help="Print every setting with its variable and origin, secrets hidden.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check settings, policy, disk, keys, broker, topics and judge."""
    settings = settings_for()
    if settings_only:
        _print_settings(settings, as_json=as_json)
        return
    configure(level="error", form="auto")
    findings = list(_examine(settings))
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "checks": [_body(finding) for finding in findings]})
    else:
        rows = [(f.check, "ok" if f.ok else "NOT OK", f.detail, f.mend) for f in findings]
        print_table(("check", "state", "found", "mend"), rows)
    if not well:
        raise typer.Exit(1)


def _examine(settings: Settings) -> Iterator[Finding]:
    checks: list[tuple[str, Callable[[Settings], str], str]] = [
        ("runtime", _runtime, "install Python 3.11 or newer"),
        ("policy", _policy, f"mend the file, or unset {variable('policy_file')}"),
        ("data directory", _data_dir, f"set {variable('data_dir')} to a directory this user may write"),
        ("keys", _keys, "consultguard keys init, or set " + variable("keys", "…")),
        ("broker", _broker, "start the broker, or set the address: make kafka-up; " + variable("kafka", "…")),
        ("topics", _topics, "consultguard topics ensure"),
        (
            "explainer",
            _explainer,
            f"set {variable('explainer', '…')}; verdicts go out with built-in reasons without it",
        ),
        ("judge", _judge, f"set {variable('judge')}, {variable('vllm', '…')} or {variable('embedded', 'model_dir')}"),
    ]
    for name, check, mend in checks:
        try:
            yield Finding(name, True, check(settings))
        except _NotWell as finding:
            yield Finding(name, False, finding.detail, finding.mend)
        except (ConsultGuardError, OSError) as error:
            yield Finding(name, False, str(error), mend)


def _runtime(_settings: Settings) -> str:
    return f"consultguard {version('consultguard')}, Python {sys.version.split()[0]}"


def _policy(settings: Settings) -> str:
    policy = build_policy(settings)
    return f"{policy.id} version {policy.version}"


def _data_dir(settings: Settings) -> str:
    if settings.broker != "local":
        return "not used by this broker"
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(settings.data_dir, os.W_OK):
        raise PermissionError(f"{settings.data_dir} is not writable")
    return str(settings.data_dir)


def _keys(settings: Settings) -> str:
    if settings.broker == "local" and settings.keys.provider == "file" and not key_file_of(settings).exists():
        return "made with the first start of a worker"
    return f"{build_key_provider(settings).key_id} of {source_of(settings)}"


def _broker(settings: Settings) -> str:
    admin = build_broker(settings, clock=SystemClock()).topics()
    try:
        admin.describe(f"{settings.topics.prefix}.chunks")
    finally:
        admin.close()
    return f"{settings.broker} answers"


def _topics(settings: Settings) -> str:
    admin = build_broker(settings, clock=SystemClock()).topics()
    missing: list[str] = []
    wrong: list[str] = []
    try:
        for asked in build_topic_specs(settings, brokers=admin.brokers()):
            found = admin.describe(asked.name)
            if found is None:
                missing.append(asked.name)
            else:
                wrong.extend(f"{asked.name} {difference}" for difference in differences(asked, found))
    finally:
        admin.close()
    if missing:
        wrong.insert(0, f"missing: {', '.join(missing)}")
    if wrong:
        raise _NotWell("; ".join(wrong), "consultguard topics ensure creates what is missing; change the rest by hand")
    return "all there, none weaker than asked"


def _judge(settings: Settings) -> str:
    async def probe() -> str:
        judge = build_judge(settings, policy=build_policy(settings), on_breaker=lambda _state: None)
        try:
            await judge.start()
            async with asyncio.timeout(settings.vllm.timeout_seconds):
                found, model = await judge.judge(_probe_window()), judge.identity
        except TimeoutError:
            raise _NotWell("no answer in time", f"raise {variable('vllm', 'timeout_seconds')}, or see to it") from None
        finally:
            await judge.close()
        if isinstance(found, Abstention):
            raise _NotWell(
                f"{model.name} abstained: {found.reason}", f"check {variable('vllm', 'profile')} against the model"
            )
        mass = "not measured" if found.label_mass is None else f"{found.label_mass:.3f}"
        return f"{model.name} {model.revision[:12]} {model.prompt_version}: {found.label}, mass {mass}"

    return asyncio.run(probe())


def _explainer(settings: Settings) -> str:
    explainer = build_explainer(settings.explainer)
    if explainer is None:
        return "none is set"

    async def probe() -> str:
        try:
            await explainer.start()
            async with asyncio.timeout(settings.explainer.timeout_seconds):
                said = await explainer.explain(_probe_window(), _PROBE_FINDING)
        except TimeoutError:
            raise _NotWell(
                "no answer in time", f"raise {variable('explainer', 'timeout_seconds')}, or see to it"
            ) from None
        finally:
            await explainer.close()
        if said is None:
            raise _NotWell(f"{settings.explainer.model} gives no sentence", "serve an instruction model there")
        return f"{settings.explainer.model} answers"

    return asyncio.run(probe())


def _probe_window() -> ContextWindow:
    chunk = TranscriptChunk(
        tenant="doctor",
        consult_id="doctor",
        seq=0,
        speaker=Speaker("spk_1", SpeakerRole.PATIENT),
        text=_PROBE,
        started_at_ms=0,
        ended_at_ms=0,
        spoken_at="1970-01-01T00:00:00.000Z",
        source=SourceRef("doctor", "probe", "0"),
        language="en",
    )
    return ContextWindow(CleanChunk(chunk, _PROBE, tuple(range(len(_PROBE) + 1)), "none"))


def _body(finding: Finding) -> dict[str, Any]:
    return {"check": finding.check, "ok": finding.ok, "found": finding.detail, "mend": finding.mend}


def _print_settings(settings: Settings, *, as_json: bool) -> None:
    rows = list(_flat(settings))
    if as_json:
        print_json({"settings": {name: value for name, value, _, _ in rows}})
        return
    print_table(("variable", "value", "from", "meaning"), rows)
    console.print(f"Sources, first wins: {PREFIX}… variables, .env, consultguard.toml or {PREFIX}CONFIG_FILE.")


def _flat(model: BaseModel, *path: str) -> Iterator[tuple[str, str | int | float | None, str, str]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _flat(value, *path, name)
            continue
        shown = "**********" if isinstance(value, SecretStr) else value
        plain = shown if isinstance(shown, str | int | float) or shown is None else str(shown)
        given = variable(*path, name)
        origin = "environment" if given in os.environ else "default" if name not in model.model_fields_set else "file"
        yield given, plain, origin, field.description or ""
