"""Who gets in: the password, sessions, the token, and how fast somebody may guess."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from edge.config import Settings, parse_settings
from edge.dashboard import create_app, login
from edge.dashboard.login_throttle import ADDRESSES, ALL_BURST, ALL_REFILL_S, BURST, REFILL_S, LoginThrottle
from edge.dashboard.password import Password, save_password
from edge.dashboard.sessions import MOST, Sessions
from edge.errors import BadInput
from edge.store import Store
from tests.power_cuts import PowerCut, cut_at

PASSWORD = "open, sésame 1001"
TOKEN = "3f" * 20
ORIGIN = {"Origin": "http://localhost"}
HIDDEN = ["/api/v1/today", "/api/v1/visits", "/api/v1/history", "/api/v1/health", "/export.csv", "/metrics",
          "/charts/hours.svg", "/charts/pyramid.svg", "/charts/days.svg", "/no/such/page"]  # fmt: skip


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def password_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("etc") / "dashboard.password"
    save_password(path, PASSWORD)
    return path


@pytest.fixture
def locked(database: Path, password_file: Path, tmp_path: Path) -> Settings:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o640)
    dashboard = {"password_file": str(password_file), "token_file": str(token), "names": ["Door.example"]}
    return parse_settings({"store": {"path": str(database)}, "dashboard": dashboard}, "test")


@pytest.fixture
def stranger(locked: Settings, lunch: Store) -> FlaskClient:
    return create_app(locked).test_client()


def log_in(client: FlaskClient, password: str = PASSWORD, **more: object):
    return client.post("/login", data={"password": password}, headers=ORIGIN, **more)


@pytest.mark.parametrize("page", login.PAGES)
def test_a_stranger_is_shown_the_log_in_page(stranger: FlaskClient, page: str):
    answer = stranger.get(page)

    assert (answer.status_code, answer.location) == (303, f"/login?next={page}")
    assert 'type="password"' in stranger.get(answer.location).text


@pytest.mark.parametrize("address", HIDDEN)
def test_a_stranger_reads_nothing(stranger: FlaskClient, address: str):
    answer = stranger.get(address)

    assert answer.status_code == 401
    assert len(answer.text) < 120


def test_a_stranger_learns_whether_it_runs_but_not_why(stranger: FlaskClient, lunch: Store):
    answer = stranger.get("/healthz")

    assert answer.status_code == 503  # the heartbeat of the test is old
    assert answer.json == {"status": "failing", "reasons": ["log in to see why"]}


def test_every_address_but_the_open_ones_is_closed(stranger: FlaskClient):
    rules = {rule.rule for rule in stranger.application.url_map.iter_rules() if "GET" in rule.methods}

    opened = {rule for rule in rules if stranger.get(rule).status_code not in (303, 401)}

    assert opened == {"/login", "/healthz", "/static/<path:filename>"}


def test_the_password_opens_everything_and_logging_out_closes_it(stranger: FlaskClient):
    answer = log_in(stranger)
    assert (answer.status_code, answer.location) == (303, "/")
    assert stranger.get("/api/v1/visits").status_code == 200
    assert "Log out" in stranger.get("/").text
    cookie = stranger.get_cookie("maitred").value

    assert stranger.post("/logout", headers=ORIGIN).location == "/login"

    assert stranger.get_cookie("maitred") is None
    stranger.set_cookie("maitred", cookie)  # the old one is worth nothing any more
    assert stranger.get("/api/v1/visits").status_code == 401


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(stranger: FlaskClient):
    cookie = log_in(stranger).headers["Set-Cookie"]

    assert re.fullmatch(r"maitred=[\w-]{43}; Expires=[^;]+; Max-Age=604800; HttpOnly; Path=/; SameSite=Strict", cookie)


def test_behind_tls_the_cookie_travels_over_tls_alone(locked: Settings):
    dashboard = locked.dashboard.model_copy(update={"https": True})
    client = create_app(locked.model_copy(update={"dashboard": dashboard})).test_client()

    refused = log_in(client)
    answer = client.post("/login", data={"password": PASSWORD}, headers={"Origin": "https://localhost"})

    assert refused.status_code == 403
    assert answer.headers["Set-Cookie"].startswith("__Host-maitred=")
    assert "; Secure;" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_each_log_in_has_a_session_of_its_own(stranger: FlaskClient):
    log_in(stranger)
    first = stranger.get_cookie("maitred").value
    log_in(stranger)

    assert stranger.get_cookie("maitred").value != first
    stranger.set_cookie("maitred", first)
    assert stranger.get("/metrics").status_code == 401


@pytest.mark.parametrize("attempt", ["", "x", PASSWORD.upper(), PASSWORD + " ", "x" * 2000, "\x00", "\ud800"])
def test_another_password_opens_nothing(stranger: FlaskClient, attempt: str):
    answer = log_in(stranger, attempt.encode("utf-8", "surrogatepass").decode("latin-1"))

    assert answer.status_code == 401
    assert "not the password" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert stranger.get("/metrics").status_code == 401


def test_the_same_password_typed_on_another_keyboard_opens(stranger: FlaskClient):
    assert log_in(stranger, PASSWORD.replace("é", "e\u0301")).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "location"),
    [("/device", "/device"), ("//evil.example/", "/"), ("https://evil.example/", "/"), ("/\\evil", "/"), ("", "/")],
)
def test_after_logging_in_the_browser_stays_here(stranger: FlaskClient, wanted: str, location: str):
    answer = stranger.post("/login", data={"password": PASSWORD, "next": wanted}, headers=ORIGIN)

    assert answer.location == location


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no-origin"),
        pytest.param({"Origin": "null"}, id="hidden"),
        pytest.param({"Origin": "http://evil.example"}, id="foreign"),
        pytest.param({"Origin": "https://localhost"}, id="other-scheme"),
        pytest.param({"Origin": "http://localhost:81"}, id="other-port"),
        pytest.param({**ORIGIN, "Sec-Fetch-Site": "same-site"}, id="neighbour"),
    ],
)
def test_a_form_of_another_page_does_nothing(stranger: FlaskClient, headers: dict[str, str]):
    log_in(stranger)

    assert stranger.post("/logout", headers=headers).status_code == 403
    assert stranger.post("/login", data={"password": PASSWORD}, headers=headers).status_code == 403
    assert stranger.get("/metrics").status_code == 200


def test_a_form_that_is_too_large_is_refused(stranger: FlaskClient):
    assert stranger.post("/login", data={"password": "x" * 9000}, headers=ORIGIN).status_code == 413


@pytest.mark.slow
def test_guessing_is_slowed_down_for_the_guesser_alone(stranger: FlaskClient, caplog: pytest.LogCaptureFixture):
    guesser = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    for _ in range(BURST):
        assert log_in(stranger, "wrong", **guesser).status_code == 401

    answer = log_in(stranger, PASSWORD, **guesser)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= REFILL_S
    assert "Try again in 1 minute." in answer.text
    assert log_in(stranger).status_code == 303
    assert "wrong password from 192.0.2.7" in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("address", ["/metrics", "/api/v1/today", "/export.csv", "/"])
def test_the_token_lets_programs_read(stranger: FlaskClient, address: str):
    assert stranger.get(address, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert stranger.get_cookie("maitred") is None


@pytest.mark.parametrize(
    "header", [f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}0", "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer é"]
)
def test_another_token_reads_nothing(stranger: FlaskClient, header: str):
    assert stranger.get("/metrics", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.168.1.9:8000", 200), ("[fd00::1]:8000", 200), ("localhost", 200), ("door.EXAMPLE", 200),
        ("rebound.example", 400), ("door.example.evil", 400), ("192.168.1.9.evil", 400),
    ],
)  # fmt: skip
def test_with_a_password_addresses_and_its_own_names_are_answered(stranger: FlaskClient, host: str, status: int):
    assert stranger.get("/login", headers={"Host": host}).status_code == status


def test_without_a_password_there_is_no_log_in(client: FlaskClient, lunch: Store):
    assert client.get("/login").status_code == 404
    assert "Log out" not in client.get("/").text


# The parts.


def test_the_file_holds_a_hash_that_others_cannot_read(password_file: Path):
    text = password_file.read_text()

    assert text.startswith("scrypt:32768:8:1$")
    assert PASSWORD not in text
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o640
    assert [entry.name for entry in password_file.parent.iterdir()] == [password_file.name]


def test_a_new_password_keeps_owner_and_mode(tmp_path: Path):
    path = tmp_path / "password"
    save_password(path, PASSWORD)
    path.chmod(0o600)

    save_password(path, "another password")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Password(path).matches("another password")
    assert not Password(path).matches(PASSWORD)


@pytest.mark.slow
def test_a_power_cut_while_the_password_is_changed_leaves_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "password"
    monkeypatch.setattr("edge.dashboard.password.METHOD", "scrypt:16384:8:1")  # a hash that costs less
    valid = []
    while True:
        save_password(path, PASSWORD)
        with monkeypatch.context() as patched:
            cut_at(len(valid), patched)
            try:
                save_password(path, "another password")
                break
            except PowerCut:
                pass
        password = Password(path)
        valid.append("new" if password.matches("another password") else "old")
        assert valid[-1] == "new" or password.matches(PASSWORD)

    assert Password(path).matches("another password")
    assert valid[0] == "old"
    assert valid == sorted(valid, reverse=True)
    assert len(valid) > 4


@pytest.mark.parametrize("password", ["", "too short", "x" * 201])
def test_a_password_of_an_odd_length_is_refused(tmp_path: Path, password: str):
    with pytest.raises(BadInput, match="10 to 200 characters"):
        save_password(tmp_path / "password", password)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        b"", b"open sesame\n", b"scrypt:32768:8:1$salt$abc", b"\xff" * 40, b"x" * 5000,
        b"scrypt:4294967296:8:1$saltsalt$" + b"0" * 128, b"pbkdf2:sha256:1$saltsalt$" + b"0" * 128,
    ],
)  # fmt: skip
def test_a_file_that_is_no_hash_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "password"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(BadInput, match=re.escape(str(path))):
        Password(path)


def test_a_hash_that_others_can_read_is_refused_with_the_way_out(tmp_path: Path):
    path = tmp_path / "password"
    save_password(path, PASSWORD)
    path.chmod(0o644)

    with pytest.raises(BadInput, match=re.escape(f"chmod 640 {path}")):
        Password(path)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 31, b"\xff" * 40, b"two lines\n" * 5])
def test_a_token_that_is_too_short_or_no_text_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(BadInput, match="not a token of at least 32"):
        login.read_token(path)


def test_an_address_gets_one_more_attempt_a_minute():
    clock = Clock()
    throttle = LoginThrottle(clock)

    assert [throttle.wait_s("192.0.2.1") for _ in range(BURST + 1)] == [0.0] * BURST + [REFILL_S]
    clock.now += REFILL_S
    assert [throttle.wait_s("192.0.2.1") for _ in range(2)] == [0.0, REFILL_S]


def test_many_addresses_share_one_limit_and_little_memory():
    clock = Clock()
    throttle = LoginThrottle(clock)
    admitted = 0
    for number in range(5000):
        admitted += throttle.wait_s(f"10.0.{number // 250}.{number % 250}") == 0.0
    assert admitted == ALL_BURST

    for number in range(5000):
        clock.now += ALL_REFILL_S
        assert throttle.wait_s(f"10.1.{number // 250}.{number % 250}") == 0.0
    assert len(throttle) == ADDRESSES


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1%wlan0")],
)
def test_addresses_of_one_network_count_as_one(one: str, other: str):
    throttle = LoginThrottle(Clock())
    for _ in range(BURST):
        throttle.wait_s(one)

    assert throttle.wait_s(other) > 0


def test_who_is_right_is_forgiven():
    throttle = LoginThrottle(Clock())
    for _ in range(ALL_BURST * 2):
        assert throttle.wait_s("192.0.2.1") == 0.0
        throttle.forgive("192.0.2.1")


def test_a_session_ends_by_itself():
    clock = Clock()
    sessions = Sessions(hours=1, clock=clock)
    token = sessions.begin()

    clock.now += 3599
    assert sessions.holds(token)
    clock.now += 1
    assert not sessions.holds(token)


def test_sessions_are_few_and_the_oldest_goes_first():
    sessions = Sessions(hours=1)
    tokens = [sessions.begin() for _ in range(MOST + 1)]

    assert len(sessions) == MOST
    assert [sessions.holds(token) for token in (tokens[0], tokens[1], tokens[-1])] == [False, True, True]
