"""Settings for a trial run on one machine: what is not running yet is started, and stopped again afterwards."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

from pipeline.cli.context import settings_for
from pipeline.cli.output import progress_console
from pipeline.clock import SystemClock
from pipeline.keys.key_file import init_key_file
from pipeline.settings import Settings, variable


@contextlib.contextmanager
def trial_settings(
    *, broker: Literal["local", "kafka"], judge: Literal["embedded", "vllm"], home: Path
) -> Iterator[Settings]:
    """Settings whose broker and judge answer. The local broker's data lies under `home`; topics have a prefix of their
    own, so that a trial on a shared cluster mixes with nothing. Raises BrokerUnavailable, JudgeUnavailable."""
    overrides: dict[str, Any] = {"broker": broker, "judge": judge, "data_dir": home}
    with contextlib.ExitStack() as stack:
        if broker == "kafka":
            overrides["topics"] = {"prefix": f"trial-{token_hex(4)}"}
            overrides["worker"] = {"group": f"trial-{token_hex(4)}"}
            if variable("keys", "provider") not in os.environ:
                init_key_file(home / "keys.json", clock=SystemClock())
                overrides["keys"] = {"file": home / "keys.json"}
            if variable("kafka", "bootstrap_servers") not in os.environ:
                from pipeline.trial.kafka_server import KafkaServer

                progress_console.print("starting Apache Kafka …")
                server = stack.enter_context(KafkaServer())
                overrides["kafka"] = {"bootstrap_servers": ",".join(server.bootstrap_servers)}
        if judge == "vllm" and variable("vllm", "endpoints") not in os.environ:
            from pipeline.trial.vllm_server import VllmServer

            progress_console.print("starting vLLM with the mini guard (about a minute; the first time it is installed)")
            vllm = stack.enter_context(VllmServer())
            overrides["vllm"] = {"endpoints": vllm.url, "model": vllm.name, "profile": "consultguard"}
        yield settings_for(**overrides)
