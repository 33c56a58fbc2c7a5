"""docs/mqtt.md says what is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from edge.config import parse_settings
from edge.uplink.endpoint import SINGLE
from edge.uplink.mqtt.home_assistant import state, topics

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "mqtt.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SETTINGS = parse_settings(tomllib.loads(EXAMPLES[0]), "docs/mqtt.md")


def test_the_example_is_a_valid_configuration():
    assert SETTINGS.mqtt.host == "broker.example.com"
    assert SETTINGS.mqtt.tls
    assert SETTINGS.carrier == "mqtt"


def test_the_table_has_all_topics():
    documented = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))

    site = SETTINGS.site
    assert {topic.replace("<site>", site.name).replace("<device>", site.device) for topic in documented} == set(
        topics(SETTINGS).values()
    )


def test_the_rights_on_the_page_are_those_that_the_topics_need():
    allowed = re.findall(r"^topic write (\S+)$", PAGE, re.MULTILINE)

    for topic in topics(SETTINGS).values():
        assert any(topic == rule or (rule.endswith("#") and topic.startswith(rule[:-1])) for rule in allowed), topic


def test_members_and_content_type_on_the_page_are_those_of_the_code():
    assert SINGLE in PAGE
    assert "windows_withheld_today" in PAGE
    assert "windows_withheld_today" in state([], SETTINGS, 1.8e9)


def test_examples_for_other_programs_are_well_formed():
    consumer = tomllib.loads(EXAMPLES[1])["inputs"]["mqtt_consumer"][0]

    assert consumer["topics"] == ["maitred/+/+/census"]
