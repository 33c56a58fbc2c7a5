"""The sink of an MQTT broker against a real Mosquitto, with a real database."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

from edge.agent.doctor import run_checks
from edge.census.age_bands import AgeBands
from edge.census.window import Traffic, Window
from edge.config import Settings, parse_settings
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.store import Store
from edge.uplink import ModelIdentity, OutboxWorker, UplinkWorkers, census_event
from edge.uplink.endpoint import SINGLE
from edge.uplink.mqtt.home_assistant import discovery, state, topics
from edge.uplink.mqtt.sink import MqttSink, read_password
from tests.waiting import free_port, until

PATIENCE_S = 30.0
MODEL = ModelIdentity("mobile", "1.0.0", "0" * 64)
NOON = 1_790_000_000.0 // 86400 * 86400 + 43200
PASSWORD = "a broker's password, ünicode"


class Broker:
    """A Mosquitto of our own that keeps what it has over a restart."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/sbin")
        if self.program is None:
            pytest.skip("needs Mosquitto (Debian: apt-get install mosquitto)")
        self.port = free_port()
        self.config = folder / "mosquitto.conf"
        folder.chmod(0o777)  # where it is started as root it becomes another user
        lines = lines or ("allow_anonymous true",)
        text = [f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {folder}/", *lines]
        self.config.write_text("\n".join([*text, "user root", ""]))
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([self.program, "-c", self.config], stderr=subprocess.DEVNULL)
        until(self.answers)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)
            self.process = None


class Listener:
    """A consumer with a session that outlives its connection, so that it misses nothing."""

    def __init__(self, port: int, username: str | None = None, ca: Path | None = None) -> None:
        paho = pytest.importorskip("paho.mqtt.client")
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        self.messages: list[Any] = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, "listener", protocol=paho.MQTTv5)
        self.client.on_message = lambda _client, _data, message: self.messages.append(message)
        self.ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.reconnect_delay_set(0.1, 0.5)
        if username:
            self.client.username_pw_set(username, PASSWORD)
        if ca:
            self.client.tls_set(str(ca))
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        self.client.connect("localhost", port, clean_start=False, properties=properties)
        self.client.loop_start()
        assert self.ready.wait(PATIENCE_S)

    def on(self, topic: str) -> list[str]:
        return [message.payload.decode() for message in list(self.messages) if message.topic == topic]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Proxy:
    """A wire between publisher and broker that can be cut, or lose the broker's next answer to an event."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.lose_answers = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.server.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.pairs.append((near, far))
            armed = threading.Event()
            threading.Thread(target=self._forward, args=(near, far, armed), daemon=True).start()
            threading.Thread(target=self._back, args=(far, near, armed), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket, armed: threading.Event) -> None:
        try:
            while data := near.recv(65536):
                if self.lose_answers and b"/census" in data:
                    self.lose_answers -= 1
                    armed.set()
                far.sendall(data)
        except OSError:
            pass
        finally:
            hang_up(far)

    def _back(self, far: socket.socket, near: socket.socket, armed: threading.Event) -> None:
        try:
            while data := far.recv(65536):
                if armed.is_set():
                    break
                near.sendall(data)
        except OSError:
            pass
        finally:
            hang_up(near)
            hang_up(far)

    def cut(self) -> None:
        """Nothing can be connected any more, and what is connected is torn apart."""
        for end in (self.server, *itertools.chain(*self.pairs)):
            hang_up(end)
            end.close()


def hang_up(end: socket.socket) -> None:
    # Closing alone would not be noticed at the other end while a thread of ours still reads.
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder)
    yield broker
    broker.stop()


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    listener = Listener(broker.port)
    yield listener
    listener.close()


def settings_for(database: Path, port: int, **more: object) -> Settings:
    mqtt = {"host": "127.0.0.1", "port": port, "tls": False, "timeout_s": 5, **more}
    values = {"store": {"path": str(database)}, "site": {"name": "chez-emile", "timezone": "UTC"}, "mqtt": mqtt}
    return parse_settings(values, "test")


@pytest.fixture
def published() -> Iterator[Callable[[Settings], OutboxWorker]]:
    """Starts publishers that try again at once, and ends them."""
    running: list[OutboxWorker] = []

    def start(settings: Settings) -> OutboxWorker:
        publisher = OutboxWorker(
            MqttSink(settings, "mobile 1.0.0"), settings.store.path, name="mqtt",
            carries_events=settings.carrier == "mqtt", clock=lambda: NOON, pause=lambda _: time.sleep(0.02),
        )  # fmt: skip
        running.append(publisher)
        publisher.start()
        return publisher

    yield start
    for each in running:
        each.stop(10)


def visits(count: int, at: float, **more: Any) -> list[Visit]:
    return [Visit(at - 5, at, 9, 30.0 + 20 * (n % 2), (24.0, 37.0), 0.9, **more) for n in range(count)]


def close_window(store: Store, settings: Settings, hour: int, count: int) -> Window:
    start = NOON - 12 * 3600 + hour * 3600
    store.record(visits(count, start + 60), start + 61)
    bands = AgeBands(settings.census.bands)
    return store.close_window(
        start, start + 3600, bands, Traffic(900, 3), lambda window: census_event(window, settings, MODEL)
    )


def bodies(store: Store) -> list[str]:
    return [event.body for event in store.outbox.next(100)]


def test_events_arrive_in_order_byte_for_byte_and_are_then_delivered(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    settings = settings_for(database, broker.port)
    for hour in range(5):
        close_window(store, settings, hour, 12)
    waiting = bodies(store)

    publisher = published(settings)

    until(lambda: store.outbox.state().delivered == 5)
    until(lambda: len(listener.on("maitred/chez-emile/door/census")) == 5)
    assert listener.on("maitred/chez-emile/door/census") == waiting
    events = [message for message in listener.messages if message.topic.endswith("/census")]
    assert {(message.qos, message.retain, message.properties.ContentType) for message in events} == {(1, False, SINGLE)}
    until(lambda: publisher.state == "idle")


def test_a_window_that_closes_later_is_sent_when_it_does(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    settings = settings_for(database, broker.port)
    publisher = published(settings)
    until(lambda: publisher.state == "idle")

    close_window(store, settings, 3, 7)
    publisher.wake()

    until(lambda: len(listener.on("maitred/chez-emile/door/census")) == 1)
    until(lambda: '"visits_today": 7' in "".join(listener.on("maitred/chez-emile/door/state")))


def test_nothing_is_lost_while_the_broker_is_away(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    settings = settings_for(database, broker.port)
    publisher = published(settings)
    until(lambda: publisher.state == "idle")

    broker.stop()
    until(lambda: publisher.state == "retrying")
    for hour in range(3):
        close_window(store, settings, hour, 12)
    waiting = bodies(store)
    until(lambda: store.outbox.next()[0].attempts > 1)
    assert "connect" in store.outbox.state().last_error
    broker.start()

    until(lambda: store.outbox.state().delivered == 3)
    until(lambda: len(listener.on("maitred/chez-emile/door/census")) >= 3)
    assert listener.on("maitred/chez-emile/door/census") == waiting


def test_an_event_whose_acknowledgement_is_lost_comes_again_with_the_same_id(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    proxy = Proxy(broker.port)
    proxy.lose_answers = 2
    settings = settings_for(database, proxy.port)
    for hour in range(2):
        close_window(store, settings, hour, 12)
    first, second = bodies(store)

    published(settings)

    until(lambda: store.outbox.state().delivered == 2)
    until(lambda: second in listener.on("maitred/chez-emile/door/census"))
    assert listener.on("maitred/chez-emile/door/census") == [first, first, first, second]


def test_the_broker_says_when_a_connection_ends_without_logging_off(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    proxy = Proxy(broker.port)
    published(settings_for(database, proxy.port))
    until(lambda: listener.on("maitred/chez-emile/door/availability") == ["online"])

    proxy.cut()

    until(lambda: listener.on("maitred/chez-emile/door/availability") == ["online", "offline"])


def test_a_device_that_stops_is_offline_for_later_listeners_as_well(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    publisher = published(settings_for(database, broker.port))
    until(lambda: publisher.state == "idle")

    publisher.stop(10)

    until(lambda: listener.on("maitred/chez-emile/door/availability") == ["online", "offline"])
    assert publisher.state == "off"
    listener.close()
    late = Listener(broker.port)
    until(lambda: late.on("maitred/chez-emile/door/availability") == ["offline"])
    assert all(message.retain for message in late.messages)
    late.close()


def test_a_broker_that_never_answers_is_given_up_and_tried_again(
    database: Path, store: Store, published: Callable[[Settings], OutboxWorker], caplog: pytest.LogCaptureFixture
):
    pytest.importorskip("paho.mqtt.client")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        publisher = published(settings_for(database, silent.getsockname()[1], timeout_s=1))

        until(lambda: caplog.text.count("no answer to the log-in") >= 2)
        assert publisher.state in ("retrying", "idle")


def test_a_topic_that_is_not_allowed_keeps_the_event_and_names_the_reason(
    tmp_path: Path, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    folder = tmp_path / "broker"
    folder.mkdir()
    acl = folder / "acl"
    acl.write_text("topic read #\ntopic write maitred/+/+/availability\n")
    broker = Broker(folder, "allow_anonymous true", f"acl_file {acl}")
    settings = settings_for(database, broker.port)
    close_window(store, settings, 1, 12)

    published(settings)

    until(lambda: "authorized" in (store.outbox.state().last_error or ""))
    assert store.outbox.state().queued == 1
    broker.stop()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, another one, and a certificate for localhost by the first."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("authority")
    folder.chmod(0o755)

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN=test {name}", "-keyout",
            f"{name}.key", "-out", f"{name}.pem")  # fmt: skip
    run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "names", "-out", "server.pem")  # fmt: skip
    return folder


@pytest.fixture
def safe_broker(tmp_path: Path, authority: Path) -> Iterator[Broker]:
    folder = tmp_path / "safe"
    folder.mkdir()
    passwords = folder / "passwords"
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("needs mosquitto_passwd (Debian: apt-get install mosquitto)")
    subprocess.run([program, "-c", "-b", passwords, "door", PASSWORD], check=True, capture_output=True)
    broker = Broker(
        folder, f"certfile {authority}/server.pem", f"keyfile {authority}/server.key", f"password_file {passwords}"
    )
    yield broker
    broker.stop()


def safe_settings(
    database: Path, broker: Broker, authority: Path, folder: Path, ca: str = "ca.pem", password: str = PASSWORD,
    **more: object,
) -> Settings:  # fmt: skip
    file = folder / "mqtt.password"
    file.write_text(f"{password}\n", encoding="utf-8")
    file.chmod(0o600)
    login = {"host": "localhost", "tls": True, "ca_file": str(authority / ca), "username": "door"}
    return settings_for(database, broker.port, **{**login, "password_file": str(file), **more})


@pytest.mark.slow
def test_events_arrive_over_tls_with_an_authority_and_a_password_of_ones_own(
    safe_broker: Broker, authority: Path, tmp_path: Path, database: Path, store: Store,
    published: Callable[[Settings], OutboxWorker], caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    settings = safe_settings(database, safe_broker, authority, tmp_path)
    close_window(store, settings, 1, 12)
    (waiting,) = bodies(store)
    listener = Listener(safe_broker.port, "door", authority / "ca.pem")

    published(settings)

    until(lambda: listener.on("maitred/chez-emile/door/census") == [waiting])
    until(lambda: store.outbox.state().delivered == 1)
    listener.close()
    assert PASSWORD not in caplog.text
    assert next(check for check in run_checks(settings) if check.name == "broker").verdict == "ok"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"ca": "other.pem"}, "certificate verify failed", id="authority"),
        pytest.param({"host": "127.0.0.1"}, "certificate", id="name"),
        pytest.param({"password": "wrong"}, "refuses the log-in", id="password"),
        pytest.param({"tls": False, "ca_file": None}, "broke|no answer", id="tls-off"),
    ],
)
def test_a_broker_that_cannot_be_trusted_or_does_not_trust_us_gets_nothing(
    safe_broker: Broker, authority: Path, tmp_path: Path, database: Path, store: Store,
    published: Callable[[Settings], OutboxWorker], caplog: pytest.LogCaptureFixture, change: dict[str, Any],
    reason: str,
):  # fmt: skip
    settings = safe_settings(database, safe_broker, authority, tmp_path, timeout_s=1, **change)
    close_window(store, settings, 1, 12)

    published(settings)

    until(lambda: re.search(reason, store.outbox.state().last_error or ""))
    assert store.outbox.state().queued == 1
    assert "wrong" not in caplog.text
    (check,) = [check for check in run_checks(settings) if check.name == "broker"]
    assert check.verdict == "failure"


# What Home Assistant gets.


def test_discovery_is_kept_by_the_broker_and_each_sensor_finds_its_value(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    settings = settings_for(database, broker.port)
    close_window(store, settings, 1, 40)
    published(settings)
    where = topics(settings)
    until(lambda: listener.on(where["state"]))

    message = json.loads(listener.on(where["discovery"])[0])
    shown = json.loads(listener.on(where["state"])[-1])

    assert where["discovery"] == "homeassistant/device/maitred_chez-emile_door/config"
    check_discovery(message)
    assert (message["state_topic"], message["availability_topic"]) == (where["state"], where["availability"])
    rendered = {
        key: jinja2.Environment(undefined=jinja2.StrictUndefined)
        .from_string(sensor["value_template"])
        .render(value_json=shown)
        for key, sensor in message["components"].items()
    }
    assert rendered["visits_today"] == rendered["visits"] == "40"
    assert rendered["count_25_34_female"] == rendered["count_45_54_female"] == "20"
    assert rendered["inside"] == "None"
    assert rendered["window_end"].endswith("T02:00:00+00:00")
    assert len(rendered) == 6 + len(shown["counts"])


def check_discovery(message: dict[str, Any]) -> None:
    """The rules of Home Assistant's device discovery, as its documentation has them."""
    assert set(message) <= {"device", "origin", "components", "state_topic", "availability_topic", "qos"}
    assert message["device"]["identifiers"]
    assert message["origin"]["name"] == "maitred"
    ids = [sensor["unique_id"] for sensor in message["components"].values()]
    assert len(set(ids)) == len(ids)
    for key, sensor in message["components"].items():
        assert re.fullmatch(r"[A-Za-z0-9_-]+", key)
        assert sensor["platform"] == "sensor"
        assert set(sensor) <= {"platform", "unique_id", "name", "icon", "state_class", "unit_of_measurement",
                               "value_template", "device_class", "entity_category"}  # fmt: skip
        assert sensor.get("state_class", "measurement") in ("measurement", "total", "total_increasing")
        if sensor.get("device_class") == "timestamp":
            assert not {"state_class", "unit_of_measurement"} & set(sensor)


def test_a_name_with_dots_makes_an_identifier_that_home_assistant_takes():
    settings = parse_settings({"site": {"name": "chez.emile", "device": "door.1"}, "mqtt": {"host": "b"}}, "test")

    assert topics(settings)["discovery"] == "homeassistant/device/maitred_chez_emile_door_1/config"
    check_discovery(discovery(settings, "mobile 1.0.0"))


def test_without_discovery_home_assistant_gets_no_message(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    publisher = published(settings_for(database, broker.port, discovery=False))
    until(lambda: publisher.state == "idle" and listener.on("maitred/chez-emile/door/state"))

    assert {message.topic.split("/")[0] for message in listener.messages} == {"maitred"}


def a_window(hour: int, counts: dict[tuple[str, str], int], entries: int = 0, exits: int = 0) -> Window:
    start = NOON - 12 * 3600 + hour * 3600
    return Window(start, start + 3600, counts, entries, exits)


BUSY = {("25-34", "female"): 9, ("25-34", "male"): 6, ("35-44", "male"): 2, ("65+", "female"): 4}


def test_the_state_discloses_no_more_than_the_events_do():
    settings = settings_for(Path("unused"), 1)
    windows = [a_window(-1, BUSY, 30, 5), a_window(1, BUSY, 11, 8), a_window(2, {("65+", "male"): 2}, 2, 0)]

    now = state(windows, settings, NOON)
    before = state(windows[:2], settings, NOON)

    assert now["visits_today"] == before["visits_today"] == 21  # that of the quiet window follows from nothing
    assert (now["windows_withheld_today"], before["windows_withheld_today"]) == (1, 0)
    assert (now["visits"], now["entries"], now["exits"], now["inside"]) == (None, None, None, None)
    assert (before["visits"], before["inside"]) == (21, 3)
    assert before["counts"]["25_34_female"] == 9
    assert (
        before["counts"]["35_44_male"] is before["counts"]["65_up_female"] is before["counts"]["0_12_unknown"] is None
    )
    disclosed = json.loads(census_event(windows[1], settings, MODEL)[1])["data"]
    assert [cell["count"] for cell in disclosed["counts"]] == list(before["counts"].values())


def test_before_the_first_window_nothing_is_known():
    now = state([], settings_for(Path("unused"), 1), NOON)

    assert now["visits_today"] == 0
    assert {key for key, value in now.items() if value is None} == {
        "window_end",
        "inside",
        "visits",
        "entries",
        "exits",
    }


def test_with_an_endpoint_the_events_go_there_and_the_broker_gets_the_state(
    broker: Broker, listener: Listener, database: Path, store: Store, published: Callable[[Settings], OutboxWorker]
):
    settings = settings_for(database, broker.port)
    uplink = settings.uplink.model_copy(update={"url": "https://census.example.com/v1", "secret_file": Path("none")})
    settings = settings.model_copy(update={"uplink": uplink})
    close_window(store, settings, 1, 12)

    publisher = published(settings)
    until(lambda: publisher.state == "idle" and listener.on("maitred/chez-emile/door/state"))

    assert store.outbox.state().queued == 1
    assert not listener.on("maitred/chez-emile/door/census")
    assert json.loads(listener.on("maitred/chez-emile/door/state")[-1])["visits_today"] == 12


# Set-up.


def test_a_password_for_others_to_read_is_refused(tmp_path: Path, database: Path):
    file = tmp_path / "mqtt.password"
    file.write_text(PASSWORD)
    file.chmod(0o640)
    settings = settings_for(database, 1, username="door", password_file=str(file))

    with pytest.raises(BadInput, match=f"chmod 600 {file}"):
        MqttSink(settings, "mobile")


def test_a_credential_is_accepted_with_its_mode(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch):
    # systemd gives the unit's user access by a list, whose mask shows as a right of the group.
    file = tmp_path / "mqtt.password"
    file.write_text(PASSWORD)
    file.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert read_password(settings_for(database, 1, username="door", password_file=str(file))) == PASSWORD


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff\xfe", b"x" * 5000])
def test_a_file_that_holds_no_password_is_refused(tmp_path: Path, database: Path, content: bytes):
    file = tmp_path / "mqtt.password"
    file.write_bytes(content)
    file.chmod(0o600)

    with pytest.raises(BadInput, match=str(file)):
        read_password(settings_for(database, 1, username="door", password_file=str(file)))


def test_without_the_package_the_way_out_is_named(database: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)

    with pytest.raises(BadInput, match=r"pip install 'maitred\[mqtt\]'"):
        MqttSink(settings_for(database, 1), "mobile")


def test_without_a_broker_it_stays_off(database: Path, store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    workers = UplinkWorkers(parse_settings({"store": {"path": str(database)}}, "test"), "mobile")

    workers.start()
    workers.stop()

    assert workers.state == "off"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"password_file": "/p"}, "password_file needs a username"),
        ({"ca_file": "/c", "tls": False}, "ca_file needs tls"),
        ({"topic": "a/#"}, "topic"),
        ({"topic": ""}, "topic"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, object], message: str):
    with pytest.raises(BadInput, match=message):
        parse_settings({"mqtt": {"host": "broker", **values}}, "test")
