"""How a model's own chat template renders messages, learned once, so that a prompt is one string interpolation.

The template is asked to render messages whose contents are sentinels; what stands between the sentinels is the
`Skeleton`. Whoever learns one must then check it on `PROBE_TEXTS`: a template that trims or rewrites its contents
cannot be interpolated, and is refused rather than guessed at.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.errors import JudgeMisconfigured
from pipeline.judge.prompt import Message

Roles = tuple[str, ...]
"""The shape of a prompt: the messages' roles in order."""

PROBE_TEXTS = (
    "patient: It's been 3 days, 38.5 °C; I can't sleep (pain 7/10)... why?",
    "clinician: 您今天感觉怎么样？头还疼吗，吃了2片药。",
    "interpreter: ¿Dónde le duele? Ça va — naïve, Müller & Söhne; \"quoted\" 'text' #1 @ 50%",
    "other: هل تشعر بالألم؟ Боль в спине. 熱が出ました。 머리가 아파요 🙂",
)
"""Contents on which interpolation must give exactly the token ids of the template's own rendering."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What a template puts around contents: `pieces[0]`, content, `pieces[1]`, … ; one piece more than roles."""

    roles: Roles
    pieces: tuple[str, ...]

    def fill(self, messages: Sequence[Message]) -> str:
        """The rendered prompt of messages of this shape. Contents are expected to be neutralised."""
        if roles_of(messages) != self.roles:
            raise ValueError(f"messages of another shape: {roles_of(messages)} for {self.roles}")
        parts = [self.pieces[0]]
        for message, piece in zip(messages, self.pieces[1:], strict=True):
            parts += (message.content, piece)
        return "".join(parts)

    @property
    def digest(self) -> str:
        """12 hexadecimal digits over everything that is not content."""
        return sha256("\x1f".join((*self.roles, *self.pieces)).encode()).hexdigest()[:12]


def roles_of(messages: Sequence[Message]) -> Roles:
    return tuple(message.role for message in messages)


def sentinel_messages(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Messages of the same shape, whose contents can be found again in the rendering."""
    return tuple(Message(message.role, _sentinel(index)) for index, message in enumerate(messages))


def probe_messages(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Messages of the same shape, filled with `PROBE_TEXTS` in turn, all of them in the last one."""
    filled = [Message(one.role, PROBE_TEXTS[index % len(PROBE_TEXTS)]) for index, one in enumerate(messages)]
    filled[-1] = Message(messages[-1].role, "\n".join(PROBE_TEXTS))
    return tuple(filled)


def learn_skeleton(messages: Sequence[Message], *, rendered: str) -> Skeleton:
    """The skeleton of `messages`' shape, from the template's rendering of its `sentinel_messages`.

    Raises JudgeMisconfigured when the template drops, repeats, reorders or rewrites a content.
    """
    roles, pieces, rest = roles_of(messages), [], rendered
    for index in range(len(roles)):
        before, found, rest = rest.partition(_sentinel(index))
        if not found:
            raise JudgeMisconfigured(
                f"the chat template does not show message {index + 1} of {len(roles)} (roles {', '.join(roles)}): "
                "choose the profile this model was made for"
            )
        pieces.append(before)
    pieces.append(rest)
    if any(_sentinel(index) in piece for index in range(len(roles)) for piece in pieces):
        raise JudgeMisconfigured("the chat template repeats or reorders the messages it is given")
    return Skeleton(roles, tuple(pieces))


class FolderTemplate:
    """The chat template of a model folder, rendered as transformers and vLLM do."""

    def __init__(self, source: str, *, special_tokens: dict[str, str]) -> None:
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        self._special_tokens = special_tokens
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise JudgeMisconfigured("the model's chat template is not valid Jinja") from error

    @classmethod
    def load(cls, folder: Path) -> "FolderTemplate":
        """From `chat_template.jinja`, else from `tokenizer_config.json`. Raises JudgeMisconfigured."""
        config = read_json(folder / "tokenizer_config.json")
        own_file = folder / "chat_template.jinja"
        source = own_file.read_text("utf-8") if own_file.is_file() else config.get("chat_template")
        if not isinstance(source, str):
            raise JudgeMisconfigured(f"no chat template in {folder}: need chat_template.jinja")
        names = ("bos_token", "eos_token", "pad_token", "unk_token")
        return cls(source, special_tokens={name: _token_text(config.get(name)) for name in names})

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt that asks for the next message. Raises JudgeMisconfigured when the template refuses."""
        values = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return self._template.render(messages=values, add_generation_prompt=True, **self._special_tokens)
        except jinja2.TemplateError as error:
            # The template's own message may quote contents; only its kind is told.
            raise JudgeMisconfigured(f"the chat template refuses these roles ({type(error).__name__})") from None

    def skeleton(self, messages: Sequence[Message]) -> Skeleton:
        """Learned and checked on probes. Raises JudgeMisconfigured."""
        skeleton = learn_skeleton(messages, rendered=self.render(sentinel_messages(messages)))
        probe = probe_messages(messages)
        if skeleton.fill(probe) != self.render(probe):
            raise JudgeMisconfigured("the chat template rewrites the contents it is given")
        return skeleton


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a model folder. Raises JudgeMisconfigured."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise JudgeMisconfigured(f"{path} cannot be read as JSON: is this a model folder?") from error
    if not isinstance(value, dict):
        raise JudgeMisconfigured(f"{path} is not a JSON object")
    return value


def _sentinel(index: int) -> str:
    return f"sentinel-{index}-of-contents"


def _token_text(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


def _tojson(value: object, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _refuse(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
