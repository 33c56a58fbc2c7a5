"""The agent: camera -> pipeline -> store -> outbox, supervised."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from statistics import median

from edge.cameras import Camera, CameraState, Frame, LatestFrame, Playback, ReopenPolicy, open_camera
from edge.cameras.open import redact
from edge.census.closing import WindowCloser
from edge.census.window import Traffic, Window
from edge.clock import ClockQuality, clock_quality
from edge.config.settings import Settings
from edge.counting.pipeline import Eyes, Pipeline
from edge.counting.staff import without_staff
from edge.counting.visit import Visit
from edge.machine import Throttle, resident_mb, temperature_c
from edge.store import Health, Keeper, Recorder, Store
from edge.store.store import Event
from edge.systemd import notify
from edge.uplink import ModelIdentity, Sender, census_event

log = logging.getLogger(__name__)
HEARTBEAT_S = 2.0
PRUNE_S = 3600.0
WAIT_S = 0.5
"""Longest wait for a frame before the other duties get their turn."""
RATE_S = 10.0
"""Frame rate and latency are those of the last seconds."""
# Well-formed names of what may be away now and come back later; all others are judged before anything starts.
DEVICE = re.compile(r"picamera2:\d*|v4l2:/.+|(rtsps?|https?)://[^/].*")


class Agent:
    """Runs until :meth:`stop`, or until a recording is over.

    Raises (when made):
        BadInput: camera, models or secret cannot be used as configured.
        StoreError: the database cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        if not DEVICE.fullmatch(settings.camera.source):
            open_source(settings).close()
        self._settings = settings
        self._eyes = Eyes.open(settings)
        self._pipeline = Pipeline(settings, self._eyes)
        self._keeper = Keeper(settings.store.path)
        self._recorder = Recorder(self._keeper, lambda visit: without_staff(visit, settings))
        self._throttle = Throttle()
        self._sender = Sender(settings.uplink, settings.store.path)
        self._camera = LatestFrame(
            lambda: open_source(settings),
            name=redact(settings.camera.source),
            policy=ReopenPolicy(stall_s=settings.camera.stall_s),
        )
        card = self._eyes.demographics.card
        self._model = ModelIdentity(card.name, card.version, self._eyes.demographics.sha256)
        self._closer = WindowCloser(settings, self._event_of)
        self._stopping = threading.Event()
        self._started_at = time.time()
        self._frames = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=1000)
        self._beaten_s = -HEARTBEAT_S
        self._pruned_s = time.monotonic() - PRUNE_S

    def stop(self) -> None:
        """Ask the loop to end; may be called from a signal handler or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """The frame loop. Visits in progress are counted before it returns."""
        self._keeper.do(self._tell_entrance)
        self._camera.start()
        self._sender.start()
        notify("READY=1")
        log.info("counting at %s", self._camera.name)
        try:
            while not self._stopping.is_set() and self._camera.status.state != CameraState.ENDED:
                self._turn(self._camera.wait(WAIT_S))
        finally:
            notify("STOPPING=1")
            self._camera.stop()
            self._record(self._pipeline.finish())
            self._duties(last=True)
            self._sender.stop()
            self._keeper.close()

    def _turn(self, frame: Frame | None) -> None:
        if frame is not None:
            visits = self._pipeline.process(frame)
            self._frames += 1
            now_s = time.monotonic()
            self._recent.append((now_s, now_s - frame.time_s))
            self._record(visits)
            notify("WATCHDOG=1")
            self._stopping.wait(self._throttle.pause_s(now_s))
        elif self._camera_is_away():
            self._record(self._pipeline.finish())
            # The supervisor is at work on the camera and says so: killing the agent would not bring it back sooner.
            # Reads that hang in a driver are what only a restart cures: then the watchdog shall bite.
            if not self._camera.status.hung:
                notify("WATCHDOG=1")
        self._duties()

    def _tell_entrance(self, store: Store) -> None:
        now = time.time()
        store.entrance.drawn(self._settings.entrance, now)
        store.entrance.write_map(self._pipeline.sight_map, now)  # that of an earlier run is over

    def _camera_is_away(self) -> bool:
        status = self._camera.status
        lost = status.last_frame_s is None or time.monotonic() - status.last_frame_s > self._settings.counting.lost_s
        return lost and status.state in (CameraState.WAITING, CameraState.OPENING)

    def _record(self, visits: list[Visit]) -> None:
        if visits:
            log.info("counted %d, in view %d", len(visits), self._pipeline.in_view)
            self._recorder.record(visits)
            self._keeper.do(lambda store: store.entrance.write_map(self._pipeline.sight_map, time.time()))

    def _duties(self, *, last: bool = False) -> None:
        now_s = time.monotonic()
        if not last and now_s - self._beaten_s < HEARTBEAT_S:
            return
        self._beaten_s = now_s
        now, quality = time.time(), clock_quality()
        trusted = quality != "unsynchronised" or self._settings.site.trust_clock
        self._recorder.flush()
        if self._keeper.do(lambda store: self._closed(store, now, trusted)):
            self._sender.wake()
        health = self._health(now, now_s, quality)
        self._keeper.do(lambda store: store.heartbeat.write(health))
        if self._keeper.failure:
            waiting = f"{self._recorder.waiting} visits wait in memory"
            notify(f"STATUS=the database cannot be written ({self._keeper.failure}); {waiting}")
        if trusted and now_s - self._pruned_s >= PRUNE_S:
            ran_s, self._pruned_s = now_s - self._pruned_s, now_s
            dropped = self._keeper.do(lambda store: store.prune(now, self._settings.store, ran_s))
            if dropped:
                log.warning("dropped %d events that could not be delivered in time", dropped)

    def _closed(self, store: Store, now: float, trusted: bool) -> list[Window]:
        if self._recorder.follow_clock(store):
            log.warning("the clock was set: visits that no window holds yet follow it")
        return self._closer.tick(store, now, Traffic(self._frames, self._camera.status.dropped), trusted=trusted)

    def _health(self, now: float, now_s: float, clock: ClockQuality) -> Health:
        camera = self._camera.status
        recent = [latency for at_s, latency in self._recent if at_s > now_s - RATE_S]
        return Health(
            at=now, started_at=self._started_at,
            camera={CameraState.WAITING: "failed", CameraState.STOPPED: "ended"}.get(camera.state, str(camera.state)),
            camera_source=self._camera.name,
            camera_error=None if camera.state == CameraState.RUNNING else camera.last_error,
            frames=self._frames, dropped=camera.dropped,
            fps=len(recent) / min(RATE_S, max(now - self._started_at, 1.0)),
            latency_ms=1000 * median(recent) if recent else 0.0,
            temperature_c=temperature_c(), memory_mb=resident_mb(),
            model=f"{self._model.name} {self._model.version}", uplink=self._sender.state,
            people_in_view=self._pipeline.in_view, clock=clock, throttled=self._throttle.hot,
            store_failures=self._keeper.failures, visits_lost=self._recorder.lost,
        )  # fmt: skip

    def _event_of(self, window: Window) -> Event | None:
        if not self._settings.uplink.url:
            return None
        return census_event(window, self._settings, self._model, clock_quality())


def open_source(settings: Settings) -> Camera:
    """The configured camera; a recording is played in real time, as if it happened now.

    Raises:
        BadInput: the source has no known form, or the recording cannot be used.
        CameraError: the device or stream does not answer now.
    """
    wanted = settings.camera

    def opened() -> Camera:
        return open_camera(wanted.source, size=(wanted.width, wanted.height), fps=wanted.fps)

    camera = opened()
    if camera.live:
        return camera
    camera.close()
    return Playback(opened, loop=wanted.loop)
