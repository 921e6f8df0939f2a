from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.sse import LONGEST_EVENT_BYTES, EventTooLong, SseReader


def read(*chunks: bytes) -> list[bytes]:
    reader = SseReader()
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.close()


def test_an_event_is_its_data_whatever_else_it_says() -> None:
    stream = b': hello\nid: 7\nevent: delta\nretry: 10\ndata: {"a": 1}\n\ndata:[DONE]\n\n'
    assert read(stream) == [b'{"a": 1}', b"[DONE]"]


def test_keep_alives_are_no_events() -> None:
    assert read(b": ping\n\n" * 50 + b"\n\n") == []


def test_data_on_several_lines_is_one_event() -> None:
    assert read(b"data: a\ndata:  b\n\n") == [b"a\n b"]


def test_the_last_event_needs_no_empty_line() -> None:
    assert read(b"data: a\n\ndata: [DONE]") == [b"a", b"[DONE]"]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert read(b"\xef\xbb\xbfdata: a\n\n") == [b"a"]


def test_an_event_is_returned_as_soon_as_it_is_complete() -> None:
    reader = SseReader()
    assert reader.feed(b"data: a\n") == []
    assert reader.feed(b"\n") == [b"a"]


@given(
    texts=st.lists(
        st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1), max_size=5
    ),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_events_are_the_same_however_the_bytes_are_cut(
    texts: list[str], end: bytes, cuts: list[int]
) -> None:
    events = [text.encode() for text in texts]
    stream = b"".join(b"data: " + event + end + b": ping" + end + end for event in events)
    edges = [0, *sorted(cuts), len(stream)]
    assert read(*(stream[a:b] for a, b in pairwise(edges))) == events


@pytest.mark.parametrize("line", [b"x" * 65_536, b"data: x\n" * 8_192])
def test_an_event_without_an_end_is_given_up(line: bytes) -> None:
    reader = SseReader()
    for _ in range(LONGEST_EVENT_BYTES // len(line) - 1):
        assert reader.feed(line) == []
    with pytest.raises(EventTooLong):
        reader.feed(12 * line)


def test_a_line_end_cut_in_two_is_still_one() -> None:
    assert read(b"data: a\r", b"\ndata: b\r", b"\n\r\n") == [b"a\nb"]
