"""Bulk data: the asked-for counts, the promised mix, the same every time."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest

from csconsole.clock import DAY
from csconsole.connectors.demo.bulk import FIRST_NUMBER, bulk_conversations
from csconsole.connectors.demo.shop import by_id, shop
from csconsole.connectors.demo.still import STILL_AT
from csconsole.domain.conversation import Kind, Priority, Status
from csconsole.text.sanitize import is_safe

MANY = list(bulk_conversations(1, 6000, 30_000, STILL_AT))


@pytest.mark.parametrize(("conversations", "messages"), [(0, 0), (1, 1), (1, 7), (10, 3), (100, 100), (37, 1000)])
def test_counts_are_exact(conversations: int, messages: int) -> None:
    found = list(bulk_conversations(3, conversations, messages, STILL_AT))
    assert len(found) == conversations
    assert sum(len(one.messages) for one in found) == (max(messages, conversations) if conversations else 0)
    assert all(one.messages for one in found)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    again = bulk_conversations(1, 6000, 30_000, STILL_AT)
    assert list(islice(again, 500)) == MANY[:500]
    assert list(islice(bulk_conversations(2, 6000, 30_000, STILL_AT), 50)) != MANY[:50]


def test_the_mix_is_the_promised_one() -> None:
    status = Counter(one.status for one in MANY)
    unassigned = sum(one.status == "open" and not one.assignee for one in MANY)
    assert 0.085 < status["open"] / len(MANY) < 0.115
    assert 0.25 < unassigned / status["open"] < 0.42
    assert {"open", "pending", "snoozed", "resolved", "closed", "spam"} == set(status)
    assert {one.assignee for one in MANY} - {""} == {agent["name"] for agent in shop()["agents"]}
    assert {one.account for one in MANY} == set(by_id("accounts", "name"))


def test_values_are_of_the_model() -> None:
    for index, one in enumerate(MANY):
        Status(one.status), Kind(one.kind), Priority(one.priority)
        assert one.number == FIRST_NUMBER + index
        assert one.channel == by_id("accounts", "name")[one.account]["channel"]
        assert (one.snoozed_until is not None) == (one.status == "snoozed")
        assert one.snoozed_until is None or one.snoozed_until > STILL_AT
        assert list(one.tags) == sorted(set(one.tags))


def test_times_rise_and_end_before_the_clock() -> None:
    assert all(first.created_at <= second.created_at for first, second in pairwise(MANY))
    assert MANY[0].created_at >= STILL_AT - 365 * DAY
    for one in MANY:
        assert one.messages[0].at == one.created_at
        assert all(first.at < second.at for first, second in pairwise(one.messages))
        assert one.messages[-1].at <= STILL_AT


def test_open_ones_wait_for_us_and_unread_counts_what_waits() -> None:
    for one in MANY:
        if one.status == "open":
            assert one.messages[-1].direction == "in" and one.unread >= 1
            assert all(message.direction == "in" for message in one.messages[-one.unread :])
        else:
            assert one.unread == 0


def test_customers_are_dense_and_keep_their_account() -> None:
    accounts: dict[int, str] = {}
    values = set()
    for one in MANY:
        if one.new_customer is not None:
            assert one.customer == one.new_customer.customer == len(accounts)
            accounts[one.customer] = one.account
            identity = (one.new_customer.kind, one.new_customer.realm, one.new_customer.value)
            assert identity not in values
            values.add(identity)
        assert accounts[one.customer] == one.account
    assert 0.5 < len(accounts) / len(MANY) < 0.7


def test_words_fall_off_like_language_and_are_safe() -> None:
    words: Counter[str] = Counter()
    for one in MANY:
        for message in one.messages:
            assert is_safe(message.body) and message.body
            words.update(message.body.split())
    common = words.most_common()
    assert sum(count == 1 for _, count in common) > len(common) / 2, "rare words make most of the vocabulary"
    assert common[0][1] < sum(words.values()) * 0.08, "no word drowns the others"
