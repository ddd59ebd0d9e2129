"""What the headers of an answer mean, whatever they hold."""

import datetime as dt
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from potrun.fetch.exchange import retry_after_s, version_of
from potrun.fetch.partial import Version


@pytest.mark.parametrize(
    ("status", "header", "expected"),
    [
        (429, "120", 120.0),
        (503, None, 0.0),
        (429, "soon", 0.0),
        (500, None, None),
        (500, "5", 5.0),
        (503, "Wed, 21 Oct 1998 07:28:00 GMT", 0.0),
        (503, "Wed, 21 Oct 1998 07:28:00 +9999999", 0.0),
    ],
)
def test_retry_after(status, header, expected):
    headers = {} if header is None else {"Retry-After": header}
    assert retry_after_s(httpx.Response(status, headers=headers)) == expected


def test_retry_after_a_date():
    later = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10), usegmt=True)
    assert 500 < retry_after_s(httpx.Response(503, headers={"Retry-After": later})) <= 600


@given(st.binary(max_size=40).filter(lambda raw: not set(raw) & set(b"\r\n\0")), st.sampled_from([200, 206, 429]))
def test_no_header_is_too_strange(raw, status):
    names = (b"retry-after", b"content-range", b"content-length", b"etag", b"last-modified")
    answer = httpx.Response(status, headers=[(name, raw) for name in names])
    assert retry_after_s(answer) is None or retry_after_s(answer) >= 0
    size = version_of("https://host/x", answer).size
    assert size is None or size >= 0


def test_weak_etag_cannot_vouch_for_a_part():
    assert Version("u", 1, 'W/"a"', None).validator is None
    assert Version("u", 1, 'W/"a"', "then").validator == "then"
    assert Version("u", 1, '"a"', "then").validator == '"a"'
