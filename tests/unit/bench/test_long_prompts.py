"""The chunks of a comparison."""

import orjson
from tokenizers import Tokenizer

from pipeline.bench.long_prompts import CONTEXT_TOKENS, TURNS, LongPrompts
from pipeline.bench.peers.job import Conversations
from pipeline.broker.codec import encode_chunk
from pipeline.context.consultations import Consultations
from pipeline.domain.transcript import CleanChunk
from pipeline.runtime.assembly import build_context_limits, build_policy, build_stages
from pipeline.settings import load_settings
from pipeline.trial.vllm_server import MINI_GUARD


def test_prompts_have_about_320_tokens_in_a_short_run_as_in_a_long_one() -> None:
    tokenizer = Tokenizer.from_file(str(MINI_GUARD / "tokenizer.json"))
    for chunks in (6 * TURNS, 60 * TURNS):
        talk, conversations = LongPrompts(chunks), Conversations()
        prompts = [
            conversations.prompt(orjson.loads(encode_chunk(talk.chunk(number)))) for number in range(talk.chunks)
        ]
        tokens = [len(encoded.ids) for encoded in tokenizer.encode_batch(prompts, add_special_tokens=False)]
        assert 280 <= sum(tokens) / len(tokens) <= 360
        assert len(set(prompts)) == len(prompts)


def test_the_worker_reads_as_many_earlier_turns_as_the_peers_do() -> None:
    settings = load_settings(context={"max_tokens": CONTEXT_TOKENS})
    clean = build_stages(build_policy(settings), max_text_chars=settings.worker.max_text_chars).clean
    consultations, talk = Consultations(build_context_limits(settings)), LongPrompts(10 * TURNS)
    for number in range(talk.chunks):
        chunk = talk.chunk(number)
        consultations.arrive(chunk.consult_id, chunk.seq, timestamp_ms=0)
        cleaned = clean(chunk)
        assert isinstance(cleaned, CleanChunk)
        assert len(consultations.window(cleaned).turns) == chunk.seq
