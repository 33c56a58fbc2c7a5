"""The archive on a real PostgreSQL, which is started for the test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.receiver.archive import Archive, Unavailable
from cloud.receiver.request import Event, RequestRefused
from edge.errors import BadInput


def program(name: str) -> str:
    # Debian keeps the server's programs out of the path.
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True), shutil.which(name)]
    if found[0] is None:
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    return str(found[0])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster in RAM, reached by a socket in its folder."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    pytest.importorskip("psycopg")
    root = os.geteuid() == 0
    user = "postgres" if root else pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory(
        prefix="maitred-pg-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    ) as name:
        folder = Path(name)
        if root:
            shutil.chown(folder, user)
        become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if root else []

        def run(*command: str) -> None:
            subprocess.run([*become, *command], check=True, capture_output=True, cwd="/", timeout=120)

        run(initdb, "-D", f"{folder}/data", "-U", "maitred", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(pg_ctl, "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "-w", "start")
        try:
            yield f"postgresql://maitred@/postgres?host={folder}"
        finally:
            run(pg_ctl, "-D", f"{folder}/data", "-m", "immediate", "stop")


def an_event(number: int, **changes: str) -> Event:
    values = {"source": "maitred/a/b", "id": f"id{number}", "time": f"2026-11-21T{number:02}:00:00.000Z", "body": "{}"}
    return Event(**{**values, **changes})


@contextlib.contextmanager
def opened(address: str) -> Iterator[Archive]:
    """An archive whose connection of this thread is closed at the end."""
    archive = Archive.open(address)
    yield archive
    archive._forget()


@pytest.fixture
def archive(address: str) -> Iterator[Archive]:
    with opened(address) as archive:
        archive._run(lambda connection: connection.execute("TRUNCATE census_events"))
        yield archive


@pytest.mark.slow
def test_each_event_is_stored_once_by_source_and_id(archive: Archive):
    events = [an_event(number, body=f'{{"é":{number}}}') for number in range(5)]
    assert archive.store(events[:3]) == 3
    assert archive.store(events) == 2
    assert archive.store([an_event(0, source="maitred/a/c")]) == 1
    assert archive.count() == 6
    assert archive.bodies()[:5] == [event.body for event in events]


def test_a_batch_with_an_altered_event_is_refused_whole(archive: Archive):
    archive.store([an_event(0)])
    with pytest.raises(RequestRefused, match="id0 was received before with other content"):
        archive.store([an_event(1), an_event(0, body='{"other":1}')])
    assert archive.count() == 1


def test_two_requests_with_the_same_events_at_once_store_them_once(archive: Archive):
    events = [an_event(number) for number in range(50)]
    new, gate = [], threading.Barrier(4)

    def store() -> None:
        gate.wait()
        new.append(archive.store(events))
        archive._forget()

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(new) == archive.count() == 50


def test_the_table_has_the_constraint_and_a_second_start_keeps_it(archive: Archive, address: str):
    archive.store([an_event(0)])
    with opened(address) as again:
        assert again.count() == 1
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'census_events'::regclass"
    assert archive._run(lambda connection: connection.execute(query).fetchone()[0]) == "UNIQUE (source, id)"


def test_a_connection_that_the_server_ended_is_replaced(archive: Archive, address: str):
    end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = %s"
    with opened(address) as other:
        assert other._run(lambda c: c.execute(end, ("maitred",)).fetchone()[0]) >= 1
    assert archive.store([an_event(0)]) == 1


def test_a_server_that_is_not_there_is_named_without_its_password():
    pytest.importorskip("psycopg")
    with pytest.raises(Unavailable) as caught:
        Archive.open("postgresql://maitred:hunter2@/postgres?host=/nowhere")
    assert "cannot use the database" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_another_kind_of_database_is_refused():
    with pytest.raises(BadInput, match=r"mysql://: --database takes a path \(SQLite\) or postgresql://"):
        Archive.open("mysql://maitred@localhost/census")
