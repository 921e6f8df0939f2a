from __future__ import annotations

import json
import logging
import math
import threading
from datetime import UTC, datetime

import pytest

from adapters.files import RequestLog
from adapters.files.requests import FILES_KEPT, QUEUE_SIZE
from core.completion import Usage
from core.conversation import Author, ConversationKey
from core.scrub import MASK, Scrubber
from core.turn import Turn

SECRET = "correct-horse-battery"


def turn(n=1, **fields):
    return Turn(
        **{
            "turn_id": f"t{n}",
            "conversation": ConversationKey("slack", "T1", "C:1", "1.0"),
            "author": Author("U1", "Ada Lovelace"),
            "kind": "question",
            "outcome": "answered",
            "received_at": datetime(2026, 3, 2, 12, tzinfo=UTC),
            "question": f"is {SECRET} good?",
            "answer": "Schöne Grüße \N{WAVING HAND SIGN}",
            "model": "openai/gpt",
            "usage": Usage(100, 20, 5, 3),
            "cost_usd": 0.01,
            "prompt_version": "abc",
            "first_token_s": 0.3,
            "first_visible_s": None,
            "latency_s": 2.0,
            "attempts": 2,
            "correlation_id": "t1",
            **fields,
        }
    )


def read(folder, name="requests.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


async def written(folder, *turns, **options):
    log = RequestLog(folder, Scrubber([SECRET]), **options)
    for one in turns:
        log.turn_recorded(one)
    await log.close()
    return read(folder)


async def test_a_turn_is_one_documented_line_without_texts_and_names(tmp_path):
    assert await written(tmp_path / "new" / "folder", turn()) == [
        {
            "request_id": "t1",
            "correlation_id": "t1",
            "received_at": "2026-03-02T12:00:00.000+00:00",
            "platform": "slack",
            "conversation": "slack:T1:C%3A1:1.0",
            "user": "U1",
            "kind": "question",
            "outcome": "answered",
            "error": "",
            "model": "openai/gpt",
            "prompt_version": "abc",
            "attempts": 2,
            "incomplete": False,
            "input_tokens": 100,
            "output_tokens": 20,
            "cached_tokens": 5,
            "reasoning_tokens": 3,
            "cost_usd": 0.01,
            "latency_s": 2.0,
            "first_token_s": 0.3,
            "first_visible_s": None,
        }
    ]


async def test_texts_are_there_when_asked_for_with_secrets_masked(tmp_path):
    (line,) = await written(tmp_path, turn(), texts=True)

    assert line["question"] == f"is {MASK} good?"
    assert line["answer"] == turn().answer


async def test_custom_fields_come_from_a_mapping_or_a_callable_and_are_masked(tmp_path):
    (fixed,) = await written(tmp_path / "1", turn(), custom={"team": "blue", "cost_usd": 99})
    (made,) = await written(
        tmp_path / "2",
        turn(),
        custom=lambda one: {"words": {"n": len(one.answer.split()), "raw": [one.question]}},
    )

    assert fixed["team"] == "blue"
    assert fixed["cost_usd"] == 0.01
    assert made["words"] == {"n": 3, "raw": [f"is {MASK} good?"]}


async def test_a_failing_custom_field_costs_itself_alone_and_one_word_in_the_log(tmp_path, caplog):
    def broken(one):
        raise KeyError("team")

    with caplog.at_level(logging.ERROR):
        lines = await written(tmp_path, turn(1), turn(2), custom=broken)

    assert [line["request_id"] for line in lines] == ["t1", "t2"]
    assert len(caplog.records) == 1


async def test_numbers_and_texts_that_json_cannot_hold_do_not_break_a_line(tmp_path):
    (line,) = await written(
        tmp_path,
        turn(cost_usd=math.nan, latency_s=math.inf, answer="half \ud83d pair\n"),
        texts=True,
        custom={"odd": object, "bad": math.nan, "set": {1}},
    )

    assert line["cost_usd"] is line["latency_s"] is line["bad"] is None
    assert line["answer"] == "half ? pair\n"
    assert line["set"] == [1]


async def test_lines_are_added_to_those_of_an_earlier_run_even_after_a_crash(tmp_path):
    await written(tmp_path, turn(1))
    with (tmp_path / "requests.jsonl").open("a") as file:
        file.write('{"request_id": "hal')

    log = RequestLog(tmp_path, Scrubber())
    log.turn_recorded(turn(2))
    await log.close()

    first, half, second = (tmp_path / "requests.jsonl").read_text().splitlines()
    assert json.loads(first)["request_id"] == "t1"
    assert half == '{"request_id": "hal'
    assert json.loads(second)["request_id"] == "t2"


async def test_files_rotate_and_only_the_newest_are_kept(tmp_path):
    await written(tmp_path, *(turn(n) for n in range(FILES_KEPT + 4)), max_bytes=500)

    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["requests.jsonl", *(f"requests.jsonl.{n}" for n in range(1, FILES_KEPT + 1))]
    newest = [read(tmp_path, name)[0]["request_id"] for name in files]
    assert newest == ["t8", "t7", "t6", "t5", "t4", "t3"]


async def test_a_disk_that_fails_costs_lines_and_one_warning_until_it_works_again(tmp_path, caplog):
    blocked = tmp_path / "metrics"
    blocked.write_text("a file where the folder should be")
    tried = threading.Semaphore(0)

    def trying(one):
        tried.release()
        return {}

    log = RequestLog(blocked, Scrubber(), custom=trying)
    with caplog.at_level(logging.WARNING):
        for n in range(3):
            log.turn_recorded(turn(n))
        for _ in range(3):
            assert tried.acquire(timeout=10)
        blocked.unlink()
        log.turn_recorded(turn(4))
        await log.close()

    assert read(blocked)[-1]["request_id"] == "t4"
    assert len([one for one in caplog.records if "requests are missing" in one.message]) == 1


async def test_the_event_loop_never_waits_and_memory_is_bounded(tmp_path, caplog):
    go_on = threading.Event()

    def slow(one):
        assert go_on.wait(timeout=30)
        return {}

    log = RequestLog(tmp_path, Scrubber(), custom=slow)
    with caplog.at_level(logging.WARNING):
        for n in range(QUEUE_SIZE + 100):
            log.turn_recorded(turn(n))
    go_on.set()
    await log.close()

    assert QUEUE_SIZE <= len(read(tmp_path)) <= QUEUE_SIZE + 1
    assert sum("the queue is full" in one.message for one in caplog.records) == 1


async def test_a_rating_is_no_line(tmp_path):
    log = RequestLog(tmp_path, Scrubber())
    log.rated("slack", None)
    await log.close()

    assert not (tmp_path / "requests.jsonl").exists()


@pytest.mark.parametrize("times", [1, 2])
async def test_closing_ends_the_thread(tmp_path, times):
    log = RequestLog(tmp_path, Scrubber())
    for _ in range(times):
        await log.close()

    assert "request-log" not in {thread.name for thread in threading.enumerate()}
