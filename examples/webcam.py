"""Show a camera and the faces in it in a window, without the agent: python examples/webcam.py [SOURCE]

SOURCE is v4l2:/dev/video0 if left out; any camera or recording that maitred reads will do. The window needs a display
and Tk (Debian: apt-get install python3-tk). Without them the faces are printed.
"""

import sys

import cv2

from edge import FaceAnalyzer, open_camera
from edge.errors import MaitredError

ORANGE = (20, 110, 230)
root = None
try:
    import tkinter

    root = tkinter.Tk()
    root.protocol("WM_DELETE_WINDOW", sys.exit)
    label = tkinter.Label(root)
    label.pack()
except Exception as error:  # no Tk, or no display
    print(f"no window, so the faces are printed ({error})")
try:
    analyze = FaceAnalyzer()
    with open_camera(sys.argv[1] if len(sys.argv) > 1 else "v4l2:/dev/video0", size=(640, 480), fps=10) as camera:
        for frame in camera:
            for face in analyze(frame):
                left, top, width, height = (round(value) for value in face.box)
                cv2.rectangle(frame.image, (left, top), (left + width, top + height), ORANGE, 2)
                cv2.putText(frame.image, f"{face.age:.0f} {face.gender or ''}", (left, top - 6), 0, 0.6, ORANGE, 2)
                if root is None:
                    print(f"{frame.time_s:.1f} s: {face}")
            if root is not None:
                shown = tkinter.PhotoImage(data=cv2.imencode(".ppm", frame.image)[1].tobytes())
                label.configure(image=shown)
                root.update()
except MaitredError as error:  # there is no such camera, for example
    sys.exit(str(error))
