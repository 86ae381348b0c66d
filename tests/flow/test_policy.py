"""The limits that a flow sets itself."""

from __future__ import annotations

import pytest

from ivrtest.flow.policy import Policy
from ivrtest.flow.read import FlowReading, read_flow
from ivrtest.source.text import Source


def read(policy: str) -> FlowReading:
    text = f"ivrtest: flow/1\nname: test\nentry: end\n{policy}nodes: {{end: {{hang_up: {{}}}}}}\n"
    return read_flow(Source("test.yaml", text))


def test_without_a_policy_the_published_limits_hold() -> None:
    reading = read("")
    assert reading.flow is not None
    assert reading.flow.policy == Policy()
    assert (Policy().menu_options, Policy().menu_depth, Policy().prompt_length_s, Policy().silence_s) == (5, 3, 8.0, None)
    assert (Policy().least_attempts, Policy().most_attempts) == (2, 3)


def test_a_policy_changes_some_limits() -> None:
    reading = read("policy: {prompt_length: 12s, keys_to_a_person: 4, repeat_key: true}\n")
    assert reading.findings == ()
    assert reading.flow is not None
    assert reading.flow.policy == Policy(prompt_length_s=12.0, keys_to_a_person=4, repeat_key=True)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{menu_option: 4}", 'unknown key "menu_option" in the policy. did you mean "menu_options"?'),
        ("{menu_options: 0}", '"menu_options" is "0". it must be a whole number from 1 to 99'),
        ("{silence: 3}", '"silence" is the number "3". it must be a time such as "800ms", "5s" or "2m"'),
        ("{silence: 0s}", '"0s" is no duration between 1ms and 24h. write it as "5s", "800ms" or "2m"'),
        ("{least_attempts: 4}", 'policy wants at least 4 attempts and at most 3. make "least_attempts" no greater'),
        ("{most_attempts: 1}", 'policy wants at least 2 attempts and at most 1. make "least_attempts" no greater'),
    ],
)
def test_what_is_wrong_with_a_policy(policy: str, message: str) -> None:
    reading = read(f"policy: {policy}\n")
    assert [finding.message for finding in reading.findings] == [message]
    assert reading.flow is not None


def test_limits_of_the_house_hold_where_a_flow_sets_none() -> None:
    flow = read("policy: {menu_options: 5, prompt_length: 12s}\n").flow
    assert flow is not None
    held = flow.held_to({"menu_options": 3, "prompt_length_s": 6.0, "menu_depth": 2})
    assert held.policy == Policy(menu_options=5, prompt_length_s=12.0, menu_depth=2)
    assert flow.held_to({"menu_options": 3}) is flow
