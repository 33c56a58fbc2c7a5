"""Pauses between attempts, at the cloud and at a camera."""

from __future__ import annotations

import pytest

from edge.system.backoff import Backoff


def test_pauses_are_random_below_a_doubling_bound_up_to_the_longest():
    highest = Backoff(60, lambda: 1.0)
    assert [highest.next() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    halves = Backoff(60, lambda: 0.5)
    assert [halves.next() for _ in range(4)] == [0.5, 1, 2, 4]


def test_pauses_are_short_again_after_a_reset():
    backoff = Backoff(60, lambda: 1.0)
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert backoff.next() == 1


def test_years_of_failures_do_not_overflow():
    backoff = Backoff(900, lambda: 1.0)
    assert {backoff.next() for _ in range(2000)} >= {900}


@pytest.mark.parametrize(("asked", "pause"), [(0, 0.5), (30, 30.5), (60, 60), (86_400, 60)])
def test_the_pause_the_endpoint_asks_for_is_kept_and_bounded(asked: float, pause: float):
    assert Backoff(60, lambda: 0.5).next(asked) == pause


@pytest.mark.parametrize(("random", "share"), [(0.0, 0.75), (0.5, 0.875), (1.0, 1.0)])
def test_only_the_share_that_is_left_to_chance_is_random(random: float, share: float):
    backoff = Backoff(6, lambda: random, first_s=0.5, jitter=0.25)
    assert [backoff.next() for _ in range(6)] == [share * bound for bound in (0.5, 1, 2, 4, 6, 6)]
