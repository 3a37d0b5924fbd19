"""A template is learned once and interpolated exactly, or refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import JudgeMisconfigured
from pipeline.judge.prompt import Message, neutralise
from pipeline.judge.template import FolderTemplate, learn_skeleton, sentinel_messages

CHATML = (
    "{% for m in messages %}\n{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' }}\n{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TWO = (Message("user", "a"), Message("assistant", "b"))


def _template(source: str) -> FolderTemplate:
    return FolderTemplate(source, special_tokens={"eos_token": "<|im_end|>"})


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text()), min_size=1, max_size=4))
def test_filling_a_skeleton_gives_what_the_template_renders(parts: list[tuple[str, str]]) -> None:
    template = _template(CHATML)
    messages = tuple(Message("user" if role == "user" else "assistant", neutralise(text)) for role, text in parts)
    assert template.skeleton(messages).fill(messages) == template.render(messages)


def test_blocks_are_trimmed_as_transformers_trims_them() -> None:
    assert _template(CHATML).render((Message("user", "hi"),)) == (
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages[-1].content }}",
        "{{ messages[1].content }}{{ messages[0].content }}",
        "{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ m.content | upper }}{% endfor %}",
        "{% for m in messages %}{{ m.content | replace(':', ';') }}{% endfor %}",
        "{% for m in messages %}{{ m.content | truncate(40) }}{% endfor %}",
    ],
    ids=["drops", "reorders", "repeats", "rewrites all", "rewrites some", "cuts"],
)
def test_a_template_that_does_not_show_contents_as_they_are_is_refused(source: str) -> None:
    with pytest.raises(JudgeMisconfigured):
        _template(source).skeleton(TWO)


def test_a_template_may_refuse_a_shape_and_its_words_are_not_passed_on() -> None:
    template = _template("{{ raise_exception('only ' + messages[0].content) }}")
    with pytest.raises(JudgeMisconfigured) as caught:
        template.render((Message("user", "the words of a patient"),))
    assert "patient" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_template_cannot_reach_the_interpreter() -> None:
    with pytest.raises(JudgeMisconfigured):
        _template("{{ messages.__class__.__mro__ }}").render(TWO)


def test_the_digest_changes_with_the_template_and_not_with_the_contents() -> None:
    one = _template(CHATML).skeleton(TWO)
    again = _template(CHATML).skeleton((Message("user", "other"), Message("assistant", "words")))
    other = _template(CHATML.replace("assistant", "guard")).skeleton(TWO)
    assert one.digest == again.digest
    assert one.digest != other.digest


def test_a_skeleton_refuses_messages_of_another_shape() -> None:
    skeleton = _template(CHATML).skeleton(TWO)
    with pytest.raises(ValueError, match="shape"):
        skeleton.fill(TWO[:1])


def test_a_skeleton_can_be_learned_from_a_rendering_made_elsewhere() -> None:
    rendered = "head " + " mid ".join(one.content for one in sentinel_messages(TWO)) + " tail"
    assert learn_skeleton(TWO, rendered=rendered).pieces == ("head ", " mid ", " tail")


@pytest.mark.parametrize("place", ["file", "config"])
def test_a_folder_names_its_template_in_a_file_or_in_its_configuration(place: str, tmp_path: Path) -> None:
    config = {"eos_token": {"content": "<|im_end|>"}}
    source = "{{ messages[0].content }}{{ eos_token }}"
    if place == "file":
        (tmp_path / "chat_template.jinja").write_text(source)
    else:
        config["chat_template"] = source  # type: ignore[assignment]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert FolderTemplate.load(tmp_path).render(TWO) == "a<|im_end|>"


@pytest.mark.parametrize(
    "content", [None, "not json", "[]", "{}"], ids=["missing", "not json", "a list", "no template"]
)
def test_a_folder_without_a_template_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "tokenizer_config.json").write_text(content)
    with pytest.raises(JudgeMisconfigured):
        FolderTemplate.load(tmp_path)
