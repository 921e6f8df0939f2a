from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.demo.answers import CONNECT, INTRODUCTION, Answers
from adapters.demo.docs import Docs, read_docs, read_markdown, read_settings, slug
from adapters.demo.thread import read_thread

ROOT = Path(__file__).parents[3]
NAMED = {"role": "system", "content": "Each of their messages begins with the writer's name."}


@pytest.fixture(scope="module")
def answers() -> Answers:
    return Answers(read_docs(ROOT))


def ask(answers: Answers, *said: str, named: bool = False) -> str:
    messages: list[dict[str, object]] = [{"role": "user", "content": text} for text in said]
    thread = read_thread([*([NAMED] if named else []), *messages])
    assert thread is not None
    return answers.answer(thread)


def test_questions_about_the_product_are_answered_from_its_own_pages(answers: Answers) -> None:
    assert "docs/slack.md#connect" in ask(answers, "How do I connect Slack?")
    assert "docs/operating.md#money" in ask(answers, "What does this cost?")
    assert "LLM_TEMPERATURE=" in ask(answers, "What is LLM_TEMPERATURE?")
    assert "docker compose" in ask(answers, "How do I run it with Docker?")


@pytest.mark.parametrize(
    "question", ["How do I connect Slack?", "What happens when the model fails?", "Which emoji?"]
)
def test_every_link_leads_to_a_heading_that_exists(answers: Answers, question: str) -> None:
    links = re.findall(r"\]\(([\w/.-]+)#([\w-]+)\)", ask(answers, question))
    assert links
    for path, anchor in links:
        headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        assert anchor in map(slug, headings)


@pytest.mark.parametrize(
    "question",
    ["What's the weather in Paris?", "Who won the world cup?", "Schreib mir ein Gedicht", "¿?"],
)
def test_what_it_does_not_know_it_says_and_how_to_ask_a_real_model(
    answers: Answers, question: str
) -> None:
    said = ask(answers, question)
    assert "only the demo model" in said
    assert CONNECT in said


def test_without_docs_it_makes_nothing_up() -> None:
    assert "only the demo model" in ask(Answers(Docs()), "How do I connect Slack?")


def test_it_greets_and_says_what_it_is(answers: Answers) -> None:
    assert ask(answers, "Hi there!") == f"Hello! {INTRODUCTION}"
    assert ask(answers, "What can you do?") == INTRODUCTION


def test_it_remembers_what_it_was_told(answers: Answers) -> None:
    assert "Ada" in ask(answers, "My name is Ada.")
    assert ask(answers, "Hi, my name is Ada.", "Thanks", "What is my name?") == "Your name is Ada."
    told = ["My favourite colour is dark blue.", "ok", "What is my favourite colour?"]
    assert ask(answers, *told) == "You said that your favourite colour is dark blue."
    assert "not told me" in ask(answers, "What is my name?")


def test_it_recalls_the_question_before(answers: Answers) -> None:
    assert ask(answers, "Where are logs?", "What did I just ask?") == "You said: “Where are logs?”"
    assert "“One”" in ask(answers, "One", "Two", "What was my first question?")
    assert "first thing" in ask(answers, "What did I just ask?")


def test_it_tells_people_apart(answers: Answers) -> None:
    said = ["Ada: Deploy on Friday?", "Bob: Never on Friday.", "Ada: ok"]
    summary = ask(answers, *said, "Bob: Please summarise", named=True)
    assert "- **Ada**: Deploy on Friday?" in summary
    assert "- **Bob**: Never on Friday." in summary
    assert ask(answers, *said, "Bob: what is my name?", named=True) == "Your name is Bob."
    assert "Never" in ask(answers, *said, "Bob: What did I just say?", named=True)


def test_a_short_follow_up_means_what_was_asked_before(answers: Answers) -> None:
    alone = ask(answers, "And the socket?")
    after = ask(answers, "How does the bot stop and drain at SIGTERM?", "And the socket?")
    assert "docs/operating.md#start-and-stop" in after.split("\n")[0]
    assert alone.split("\n")[0] == after.split("\n")[0] or alone != after


def test_it_repeats_counts_and_shows_what_markdown_can_do(answers: Answers) -> None:
    assert ask(answers, "Repeat after me: *la la*") == "*la la*"
    assert ask(answers, "Count to 5") == "1, 2, 3, 4, 5."
    assert "```python" in ask(answers, "Show me your formatting")


def test_long_answers_keep_fences_closed(answers: Answers) -> None:
    for section in read_docs(ROOT).sections:
        said = ask(answers, f"Tell me about {section.title}")
        assert said.count("```") % 2 == 0


@given(st.lists(st.text(max_size=200), min_size=1, max_size=5), st.booleans())
def test_no_text_is_too_odd_and_the_same_thread_gets_the_same_answer(
    said: list[str], named: bool
) -> None:
    answers = Answers(Docs(read_markdown("README.md", "# Title\n\nSome words here.")))
    answer = ask(answers, *said, named=named)
    assert answer == ask(answers, *said, named=named)
    assert answer.strip()


def test_headings_inside_code_are_no_headings() -> None:
    text = "# One\n\nFirst.\n\n```sh\n# a comment\n```\n\n## Two\n\nSecond.\n"
    assert [(s.title, s.link) for s in read_markdown("docs/x.md", text)] == [
        ("One", "docs/x.md#one"),
        ("Two", "docs/x.md#two"),
    ]


def test_a_setting_is_its_comment_and_its_line() -> None:
    (section,) = read_settings(".env.example", "# --- x ---\n\n# Seconds to wait\n#WAIT_S=10\n")
    assert (section.title, section.body) == ("WAIT_S", "Seconds to wait\n\n```sh\nWAIT_S=10\n```")
