"""The agent: camera -> pipeline -> store -> outbox, under the supervision of systemd."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import sys
import threading
import time
from collections import deque
from importlib.metadata import version
from pathlib import Path
from statistics import median

from edge.agent.frame_skipping import FrameSkipper
from edge.agent.visit_recorder import VisitRecorder
from edge.agent.window_closer import WindowCloser
from edge.cameras import Camera, CameraState, Frame, LatestFrame, Playback, ReopenPolicy, open_camera
from edge.cameras.registry import may_be_away
from edge.census.shares.estimator import ShareEstimator
from edge.census.window import Traffic, Window
from edge.config.camera import Camera as CameraSettings
from edge.config.settings import Settings
from edge.counting.frame_analyzer import ModelFrameAnalyzer
from edge.counting.pipeline import Pipeline
from edge.counting.staff import without_staff
from edge.counting.visit import Visit
from edge.store import Health, Store, StoreDamaged, StoreError
from edge.store.store import Event
from edge.system.clock import ClockQuality, clock_quality
from edge.system.machine import ThermalThrottle, resident_mb, temperature_c
from edge.system.redaction import without_secrets
from edge.system.systemd import notify
from edge.uplink import ModelIdentity, UplinkWorkers, census_event
from edge.vision.models import Models

log = logging.getLogger(__name__)
VERSION = version("maitred")
HEARTBEAT_S = 2.0
HEATMAP_WRITE_FACTOR = 6
"""The heatmap changes slowly, so it is written this many times more seldom than visits."""
REPAIR_RETRY_S = 60.0
"""If a damaged database cannot be replaced because the card takes no writes, it is tried again after this time."""
WAIT_S = 0.5
"""Longest wait for a frame; then the other work has its turn."""
RATE_SPAN_S = 10.0
"""Frame rate and latency are measured over the last seconds."""


class Agent:
    """Runs until :meth:`stop`, or until a recording is over.

    Raises (when made):
        BadInput: camera, models or secret cannot be used as configured.
        StoreError: the database cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        if not may_be_away(settings.camera.source):  # then it must work before anything else starts
            open_source(settings.camera).close()
        self._settings = settings
        self._models = Models.open(settings.detection, settings.demographics)
        self._pipeline = Pipeline(settings, ModelFrameAnalyzer(self._models, settings.detection))
        self._store: Store | None = Store.open_repaired(settings.store.path, time.time())
        self._camera = LatestFrame(
            lambda: open_source(settings.camera),
            name=without_secrets(settings.camera.source),
            policy=ReopenPolicy(stall_s=settings.camera.stall_s),
        )
        card = self._models.demographics.card
        self._shares = ShareEstimator.of(card, settings.census)
        self._model = ModelIdentity(card.name, card.version, self._models.demographics.sha256)
        self._uplink = self._new_uplink()
        self._recorder = self._new_recorder(self._store)
        self._throttle, self._skipper = ThermalThrottle(), FrameSkipper()
        self._stopping = threading.Event()
        self._started_s = time.monotonic()
        self._frames = self._counted = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=1000)
        self._heartbeat_s, self._heatmap_s, self._repaired_s = -HEARTBEAT_S, time.monotonic(), -REPAIR_RETRY_S
        self._had_store_error = False

    def stop(self) -> None:
        """Ask the loop to end; may be called from a signal handler or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """Run the frame loop. Visits in progress are counted before it returns."""
        self._write_entrance()
        self._camera.start()
        self._uplink.start()
        notify("READY=1")
        log.info("counting at %s", self._camera.name)
        try:
            while not self._stopping.is_set() and self._camera.status.state != CameraState.ENDED:
                self._step(self._camera.wait(WAIT_S))
        finally:
            notify("STOPPING=1")
            self._camera.stop()
            try:
                self._record(self._pipeline.finish())
            finally:  # if a model fails, what has been counted must not be lost
                self._close()

    def _close(self) -> None:
        try:
            self._housekeeping(last=True)
        finally:
            self._uplink.stop(1.8)
            if self._store is not None:
                self._store.close()

    def _step(self, frame: Frame | None) -> None:
        if frame is not None and self._skipper.should_process(frame.index):
            begun_s = time.monotonic()
            visits = self._pipeline.process(frame)
            self._frames += 1
            now_s = time.monotonic()
            self._skipper.record_time(now_s - begun_s, frame.index, now_s)
            self._recent.append((now_s, now_s - frame.time_s))
            self._record(visits)
            notify("WATCHDOG=1")
            self._stopping.wait(self._throttle.pause_s(now_s))
        elif frame is None and self._camera_is_away():
            self._record(self._pipeline.finish())
            # The camera's supervisor is reopening it; restarting the agent would not bring it back sooner. But only a
            # restart helps if a read hangs in a driver: then the watchdog must not be reset.
            if not self._camera.status.hung:
                notify("WATCHDOG=1")
        self._housekeeping()

    @property
    def _dropped(self) -> int:
        """Frames that were not processed: a newer one replaced them, or they were skipped under load."""
        return self._camera.status.dropped + self._skipper.skipped

    def _camera_is_away(self) -> bool:
        """Whether the camera has been away for so long that nobody who was in view would be found again. After a
        shorter failure the tracks continue, so that nobody is counted twice.
        """
        status, limit_s = self._camera.status, self._settings.counting.forgotten_s
        lost = status.last_frame_s is None or time.monotonic() - status.last_frame_s > limit_s
        return lost and status.state in (CameraState.WAITING, CameraState.OPENING)

    def _record(self, visits: list[Visit]) -> None:
        if visits:
            self._counted += len(visits)
            log.info("%d more, %d since the start; in view %d", len(visits), self._counted, self._pipeline.in_view)
            self._recorder.record(visits, time.monotonic())

    def _housekeeping(self, *, last: bool = False) -> None:
        now, now_s, quality = time.time(), time.monotonic(), clock_quality()
        trusted = self._is_clock_trusted(quality)
        traffic = Traffic(self._frames, self._dropped)
        damaged = self._store is None or self._uplink.damaged
        if damaged and (last or now_s - self._repaired_s >= REPAIR_RETRY_S):
            self._repair_store(now)
        try:
            closed = self._recorder.tick(now, now_s, traffic, trusted=trusted, last=last)
        except StoreDamaged:
            self._repair_store(now)
            closed = False
            if last:  # there is no later step that would write the waiting visits
                with contextlib.suppress(StoreDamaged):
                    closed = self._recorder.tick(now, now_s, traffic, trusted=trusted, last=True)
        if closed:
            self._uplink.wake()
        # Not with every frame, even if visits are written without a pause.
        every_s = max(HEATMAP_WRITE_FACTOR * self._settings.store.write_every_s, HEARTBEAT_S)
        if last or now_s - self._heatmap_s >= every_s:
            self._heatmap_s = now_s
            self._write_entrance()
        if last or now_s - self._heartbeat_s >= HEARTBEAT_S:
            self._heartbeat_s = now_s
            # A store that takes no visits takes no heartbeat either; the recorder reports that.
            with contextlib.suppress(sqlite3.DatabaseError, OSError):
                if self._store is not None:
                    self._store.heartbeat.write(self._health(now, now_s, quality), last=last)
            self._notify_systemd()

    def _notify_systemd(self) -> None:
        if self._recorder.error:
            waiting = f"{self._recorder.waiting} visits wait in memory"
            notify(f"STATUS=the database cannot be written ({self._recorder.error}); {waiting}")
        elif self._had_store_error:
            notify("STATUS=counting")
        self._had_store_error = self._recorder.error is not None

    def _write_entrance(self) -> None:
        """Store how the entrance is drawn and where faces appear and vanish. If the card is full, counting goes on."""
        with contextlib.suppress(sqlite3.DatabaseError):
            if self._store is not None:
                self._store.entrance.note_drawing(self._settings.entrance, time.time())
                self._store.entrance.write_heatmap(self._pipeline.heatmap, time.time())

    def _is_clock_trusted(self, quality: ClockQuality) -> bool:
        return quality != "unsynchronised" or self._settings.site.trust_clock

    def _new_uplink(self) -> UplinkWorkers:
        return UplinkWorkers(self._settings, self._model.label, lambda: self._is_clock_trusted(clock_quality()))

    def _new_recorder(self, store: Store) -> VisitRecorder:
        entrance, zone = self._settings.entrance, self._settings.site.zone
        closer = WindowCloser(self._settings.census, self._event_of)
        return VisitRecorder(self._settings.store, store, closer, lambda visit: without_staff(visit, entrance, zone))

    def _repair_store(self, now: float) -> None:
        """Set the damaged database aside. If the card is full or read-only, even that fails; then visits wait in
        memory, and it is tried again.
        """
        self._uplink.stop()  # its threads have the file open that is set aside
        if self._store is not None:
            self._store.close()
        self._repaired_s = time.monotonic()
        try:
            self._store = Store.open_repaired(self._settings.store.path, now, damaged=True)
        except (StoreError, sqlite3.DatabaseError) as error:
            self._store = None
            self._recorder.go_without_store(str(error))
        else:
            self._recorder.use_store(self._store)
            self._write_entrance()
        self._uplink = self._new_uplink()
        self._uplink.start()

    def _health(self, now: float, now_s: float, clock: ClockQuality) -> Health:
        camera = self._camera.status
        recent = [latency for at_s, latency in self._recent if at_s > now_s - RATE_SPAN_S]
        return Health(
            at=now, started_at=now - (now_s - self._started_s),
            camera={CameraState.WAITING: "failed", CameraState.STOPPED: "ended"}.get(camera.state, str(camera.state)),
            camera_source=self._camera.name,
            camera_error=None if camera.state == CameraState.RUNNING else camera.last_error,
            frames=self._frames, dropped=self._dropped, looks_at_every=self._skipper.every,
            fps=len(recent) / min(RATE_SPAN_S, max(now_s - self._started_s, 1.0)),
            latency_ms=1000 * median(recent) if recent else 0.0,
            temperature_c=temperature_c(), memory_mb=resident_mb(),
            model=self._model.label, uplink=self._uplink.state,
            people_in_view=self._pipeline.in_view, clock=clock, throttled=self._throttle.hot,
            store_error=self._recorder.error, visits_waiting=self._recorder.waiting,
            version=VERSION, release=Path(sys.prefix).name,
        )  # fmt: skip

    def _event_of(self, window: Window) -> Event | None:
        if not self._settings.sends:
            return None
        return census_event(
            window,
            self._settings,
            self._model,
            clock_quality(),
            self._store.outbox.dropped if self._store else 0,
            self._shares,
        )


def open_source(settings: CameraSettings) -> Camera:
    """Open the configured camera. A recording is played in real time, as if it happened now.

    Raises:
        BadInput: the source has no known form, or the recording cannot be used.
        CameraError: the device or stream does not answer.
    """

    def reopen() -> Camera:
        return open_camera(settings.source, size=(settings.width, settings.height), fps=settings.fps)

    camera = reopen()
    if camera.live:
        return camera
    camera.close()
    return Playback(reopen, loop=settings.loop)
