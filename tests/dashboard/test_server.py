"""The dashboard as a server on a real port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
import requests

from edge.config import Settings
from edge.config.dashboard import Dashboard
from edge.dashboard import Server, serve
from edge.dashboard.password import save_password
from edge.errors import BadInput, MaitredError


def on(settings: Settings, host: str, port: int = 0) -> Settings:
    return settings.model_copy(update={"dashboard": settings.dashboard.model_copy(update={"host": host, "port": port})})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_it_answers_until_it_is_stopped(settings: Settings, host: str):
    if host == "::1" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    server = Server(on(settings, host))
    thread = threading.Thread(target=server.run)
    thread.start()

    answer = requests.get(server.url, timeout=10)
    server.stop()
    thread.join(timeout=30)

    assert answer.status_code == 200
    assert not thread.is_alive()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=10)


def test_it_stops_with_a_connection_open(settings: Settings):
    server = Server(on(settings, "127.0.0.1"))
    thread = threading.Thread(target=server.run)
    thread.start()
    with requests.Session() as session:
        session.get(f"{server.url}healthz", timeout=10)

        server.stop()
        thread.join(timeout=30)

    assert not thread.is_alive()


def test_a_port_that_was_freed_can_be_taken_again_at_once(settings: Settings):
    first = Server(on(settings, "127.0.0.1"))
    thread = threading.Thread(target=first.run)
    thread.start()
    requests.get(first.url, timeout=10)
    first.stop()
    thread.join(timeout=30)

    second = Server(on(settings, "127.0.0.1", first.port))
    second.stop()
    second.run()

    assert second.port == first.port


def test_a_port_that_is_taken_is_named_with_the_way_out(settings: Settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(MaitredError, match=rf"port {port} on 127\.0\.0\.1 is taken.*\[dashboard\] port"):
            serve(on(settings, "127.0.0.1", port))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.9", "::", "restaurant.local"])
def test_it_refuses_to_listen_where_others_could_reach_it(settings: Settings, host: str):
    with pytest.raises(BadInput, match=r"without a password.*loopback only.*password_file.*--set-password.*ssh -L"):
        serve(on(settings, host))


def test_with_a_password_it_listens_where_others_could_reach_it(settings: Settings, tmp_path: Path):
    save_password(tmp_path / "password", "a password of some length")
    dashboard = {"host": "0.0.0.0", "port": 0, "password_file": tmp_path / "password"}
    server = Server(settings.model_copy(update={"dashboard": Dashboard.model_validate(dashboard)}))
    thread = threading.Thread(target=server.run)
    thread.start()

    statuses = [
        requests.get(f"http://127.0.0.1:{server.port}/{path}", timeout=10).status_code for path in ("", "metrics")
    ]
    server.stop()
    thread.join(timeout=30)

    assert statuses == [200, 401]  # the log-in page, and nothing


def test_behind_a_server_that_speaks_tls_the_browsers_address_is_known(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    save_password(tmp_path / "password", "a password of some length")
    dashboard = {"port": 0, "password_file": tmp_path / "password", "https": True}
    server = Server(settings.model_copy(update={"dashboard": Dashboard.model_validate(dashboard)}))
    thread = threading.Thread(target=server.run)
    thread.start()

    headers = {"X-Forwarded-For": "192.0.2.66", "Origin": f"https://127.0.0.1:{server.port}"}
    answer = requests.post(f"{server.url}login", data={"password": "wrong"}, headers=headers, timeout=10)
    server.stop()
    thread.join(timeout=30)

    assert answer.status_code == 401
    assert "wrong password from 192.0.2.66" in caplog.text


def test_https_in_front_must_be_on_this_device(settings: Settings, tmp_path: Path):
    save_password(tmp_path / "password", "a password of some length")
    dashboard = {"host": "0.0.0.0", "password_file": tmp_path / "password", "https": True}

    with pytest.raises(BadInput, match=r"with https.*127\.0\.0\.1"):
        Server(settings.model_copy(update={"dashboard": Dashboard.model_validate(dashboard)}))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_the_process_cleanly(database: Path, number: signal.Signals):
    code = f"""
        import signal
        from edge.config import parse_settings
        from edge.dashboard import serve
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background would ignore it
        settings = parse_settings({{"dashboard": {{"port": 0}}, "store": {{"path": {str(database)!r}}}}}, "test")
        serve(settings, lambda url: print(url, flush=True))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        url = process.stdout.readline().strip()
        assert requests.get(f"{url}metrics", timeout=10).status_code == 200

        process.send_signal(number)
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 0
    assert errors == ""
