"""Reading a configuration file: what is accepted, and how what is not is named."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge.census import periods
from edge.config import Settings, load_settings, parse_settings
from edge.errors import BadInput


@pytest.fixture
def load(tmp_path: Path):
    """Settings from the text of a file."""

    def from_text(text: str) -> Settings:
        file = tmp_path / "maitred.toml"
        file.write_text(text, encoding="utf-8")
        return load_settings(file)

    return from_text


def refusal(load, text: str) -> str:
    with pytest.raises(BadInput) as refused:
        load(text)
    return str(refused.value)


def test_an_empty_file_gives_the_defaults(load):
    assert load("") == Settings()


def test_the_defaults_themselves_are_valid():
    # pydantic does not check defaults, only what it is given.
    assert Settings.model_validate(Settings().model_dump()) == Settings()


def test_values_of_a_file_replace_the_defaults_beside_them(load):
    settings = load("[camera]\nfps = 10\n[census]\nbands = [0, 18, 65]\n")

    assert settings.camera.fps == 10
    assert settings.census.bands == (0, 18, 65)
    assert settings.camera.width == Settings().camera.width


def test_settings_cannot_be_changed_after_they_were_checked():
    with pytest.raises(ValidationError):
        Settings().camera.fps = 1000


def test_another_model_leaves_the_rest_as_it_was(load):
    before = load("[demographics]\nshots = 3\n")

    after = before.with_model("vgg16")

    assert (after.demographics.model, after.demographics.shots) == ("vgg16", 3)
    assert before.demographics.model == Settings().demographics.model


@dataclasses.dataclass(frozen=True)
class Fault:
    """A file and what its refusal has to say."""

    text: str
    told: tuple[str, ...]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("[camera]\nsorce = 'x'\n", ("camera.sorce", "did you mean 'source'")), id="misspelt-key"),
        pytest.param(Fault("[camera]\nzzz = 1\n", ("camera.zzz", "known here", "source", "fps")), id="unknown-key"),
        pytest.param(Fault("[cameras]\nfps = 1\n", ("cameras", "did you mean 'camera'")), id="misspelt-section"),
        pytest.param(Fault("[zzz]\na = 1\n", ("zzz", "known here", "camera", "uplink")), id="unknown-section"),
        pytest.param(Fault("fps = 5\n", ("fps: unknown key",)), id="key-outside-of-a-section"),
        pytest.param(Fault("camera = 5\n", ("camera:",)), id="section-that-is-a-number"),
        pytest.param(Fault("[camera]\nfps = 'fast'\n", ("camera.fps", "number")), id="text-for-a-number"),
        pytest.param(Fault("[camera]\nfps = 0\n", ("camera.fps", "greater than or equal to 1")), id="too-small"),
        pytest.param(Fault("[camera]\nfps = nan\n", ("camera.fps",)), id="no-number-at-all"),
        pytest.param(Fault("[uplink]\nmax_backoff_s = inf\n", ("uplink.max_backoff_s",)), id="infinite"),
        pytest.param(Fault("[camera]\nwidth = 640.5\n", ("camera.width",)), id="half-a-pixel"),
        pytest.param(Fault("[camera]\nsource = ''\n", ("camera.source",)), id="empty-source"),
        pytest.param(Fault("[dashboard]\nport = 70000\n", ("dashboard.port", "65535")), id="no-such-port"),
        pytest.param(Fault("[site]\nname = 'Chez Émile'\n", ("site.name", "pattern")), id="name-no-url-can-hold"),
        pytest.param(
            Fault("[site]\ntimezone = 'Mars/Olympus'\n", ("site.timezone", "Mars/Olympus", "Europe/Paris")),
            id="unknown-time-zone",
        ),
        pytest.param(
            Fault("[site]\ntimezone = '../../etc/passwd'\n", ("site.timezone", "no such time zone")),
            id="time-zone-that-is-a-path",
        ),
        pytest.param(
            Fault("[census]\nwindow_minutes = 7\n", ("census.window_minutes", "be divided evenly by 7 minutes", "15")),
            id="window-that-does-not-divide-a-day",
        ),
        pytest.param(Fault("[census]\nbands = [5, 18]\n", ("census.bands", "start at 0")), id="bands-not-from-0"),
        pytest.param(Fault("[census]\nbands = [0, 30, 30]\n", ("census.bands", "rise")), id="bands-not-rising"),
        pytest.param(Fault("[census]\nbands = [0, 101]\n", ("census.bands", "at most 100")), id="bands-beyond-100"),
        pytest.param(Fault("[census]\nbands = []\n", ("census.bands",)), id="no-bands"),
        pytest.param(Fault("[census]\nbands = [0, 'x']\n", ("census.bands.1", "integer")), id="band-that-is-a-text"),
        pytest.param(
            Fault("[uplink]\nurl = 'ftp://example.com'\nsecret_file = 'x'\n", ("uplink.url", "ftp://example.com")),
            id="endpoint-that-is-not-http",
        ),
        pytest.param(
            Fault("[entrance]\nline = [[0.1, 0.5]]\n", ("entrance.line", "two different points")),
            id="line-of-one-point",
        ),
        pytest.param(
            Fault("[entrance]\nline = [[0.1, 0.5], [0.1, 0.5]]\n", ("entrance.line", "two different points")),
            id="line-without-length",
        ),
        pytest.param(
            Fault("[entrance]\nline = [[0.1, 0.5], [900, 0.5]]\n", ("entrance.line", "less than or equal to 2")),
            id="line-in-pixels",
        ),
        pytest.param(Fault("[entrance]\nline = [[0.1, 0.5], [0.9, nan]]\n", ("entrance.line",)), id="line-to-nowhere"),
        pytest.param(
            Fault("[entrance]\nline = [[0.5, 0.1], [0.5, 0.9]]\n", ("entrance", "'below'", "left or right")),
            id="inner-side-of-an-upright-line",
        ),
        pytest.param(
            Fault("[entrance]\nline = [[0.1, 0.5], [0.9, 0.5]]\ninside = 'left'\n", ("'left'", "below or above")),
            id="inner-side-of-a-level-line",
        ),
        pytest.param(
            Fault("[entrance]\nline = [[0.1, 0.5], [0.9, 0.5]]\ninside = 'in'\n", ("entrance.inside", "below")),
            id="no-such-side",
        ),
        pytest.param(
            Fault("[entrance]\nzone = [[0, 0], [1, 1]]\n", ("entrance.zone", "three corners")), id="zone-of-two-corners"
        ),
        pytest.param(
            Fault("[entrance]\nzone = [[0, 0], [1, 1], [1, 0], [0, 1]]\n", ("entrance.zone", "cross each other")),
            id="zone-like-an-hourglass",
        ),
        pytest.param(
            Fault("[entrance]\nstaff_zone = [[0, 0], [0.5, 0.5], [1, 1]]\n", ("entrance.staff_zone", "no area")),
            id="zone-that-is-a-line",
        ),
        pytest.param(
            Fault(
                "[entrance]\nline = [[0.1, 0.5], [0.9, 0.5]]\nzone = [[0, 0], [1, 0], [1, 1]]\n",
                ("entrance", "only one of them is allowed"),
            ),
            id="line-and-zone",
        ),
        pytest.param(
            Fault("[entrance]\nstaff_hours = ['8-11']\n", ("entrance.staff_hours.0", "pattern")), id="hours-cut-short"
        ),
        pytest.param(Fault("[entrance]\nstaff_hours = ['08:00-24:00']\n", ("entrance.staff_hours.0",)), id="hour-24"),
        pytest.param(
            Fault(
                "[entrance]\nstaff_hours = ['08:00-08:00']\n",
                ("entrance.staff_hours", "ends at the time at which"),
            ),
            id="hours-without-length",
        ),
        pytest.param(
            Fault("[entrance]\noccupancy_reset = '25:00'\n", ("entrance.occupancy_reset",)), id="no-time-of-the-day"
        ),
        pytest.param(Fault("[camera\nfps = 1\n", ("not valid TOML", "line 1")), id="not-toml"),
    ],
)
def test_a_fault_is_named_with_file_and_key(load, fault: Fault):
    message = refusal(load, fault.text)

    assert "maitred.toml: " in message
    for words in fault.told:
        assert words in message


def test_all_faults_of_a_file_are_named_at_once(load):
    message = refusal(load, "[camera]\nfps = 0\nsorce = 'x'\n[census]\nwindow_minutes = 7\n[zzz]\n")

    lines = message.splitlines()
    assert len(lines) == 4
    assert all("maitred.toml: " in line for line in lines)
    for key in ("camera.fps", "camera.sorce", "census.window_minutes", "zzz"):
        assert sum(f" {key}:" in line for line in lines) == 1


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()], ids=["missing", "a-folder"])
def test_a_file_that_cannot_be_read_is_named_with_the_way_out(tmp_path: Path, make):
    path = tmp_path / "maitred.toml"
    make(path)

    with pytest.raises(BadInput, match="--config takes a TOML file") as refused:
        load_settings(path)

    assert str(path) in str(refused.value)


def test_a_file_that_is_not_text_is_no_toml(tmp_path: Path):
    path = tmp_path / "maitred.toml"
    path.write_bytes(b"\xff\xfe[\x00c\x00")

    with pytest.raises(BadInput, match="not valid TOML"):
        load_settings(path)


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240, 1440])
def test_windows_that_divide_a_day_are_taken(minutes: int):
    assert parse_settings({"census": {"window_minutes": minutes}}, "test").census.window_minutes == minutes


@pytest.mark.parametrize(
    ("zone", "at", "midnight"),
    [
        pytest.param("Europe/Paris", "2026-07-01T23:30", "2026-07-01T22:00", id="east-of-greenwich"),
        pytest.param("America/New_York", "2026-07-01T03:00", "2026-06-30T04:00", id="west-of-greenwich"),
        pytest.param("Europe/Paris", "2026-03-29T12:00", "2026-03-28T23:00", id="day-of-23-hours"),
        pytest.param("Europe/Paris", "2026-10-25T12:00", "2026-10-24T22:00", id="day-of-25-hours"),
    ],
)
def test_a_day_starts_at_local_midnight(zone: str, at: str, midnight: str):
    site = parse_settings({"site": {"timezone": zone}}, "test").site

    found = periods.midnight(datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone(site.zone).date(), site.zone)

    assert datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%dT%H:%M") == midnight


def test_without_a_time_zone_the_systems_is_meant():
    assert Settings().site.zone is None


def test_an_endpoint_with_its_secret_is_taken(load):
    uplink = load("[uplink]\nurl = 'http://127.0.0.1:9/hook'\nsecret_file = '/etc/maitred/secret'\n").uplink

    assert uplink.secret_file == Path("/etc/maitred/secret")
