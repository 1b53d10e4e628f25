#!/usr/bin/env python3
"""`otsenka-kiosk input` on real evdev nodes: found fingers, taps, grab, hot-plug, replug with a finger down, lost events.

KIOSK is the program's path.
"""
import json
import os
import signal
import sys

sys.path.insert(0, os.environ["BENCH"])
from bench import *

ABS_MT_TOOL, BTN_LEFT, KEY_1, KEY_2, KEY_POWER = 0x37, 0x110, 2, 3, 116


class Kiosk:
    def __init__(self, *options):
        self.process = subprocess.Popen(
            [os.environ["KIOSK"], "input", "--seconds", "50", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.rest = {1: b"", 2: b""}

    def _line(self, file, number, seconds=10):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.rest[number]:
            if not select.select([file], [], [], max(0, deadline - time.monotonic()))[0]:
                return None
            data = os.read(file.fileno(), 65536)
            if not data:
                return None
            self.rest[number] += data
        line, self.rest[number] = self.rest[number].split(b"\n", 1)
        return line.decode()

    def note(self):
        return (self._line(self.process.stderr, 2) or "").removeprefix("otsenka-kiosk input: ")

    def edge(self, seconds=10):
        """The next line without its time, in short; None when there is none."""
        line = self._line(self.process.stdout, 1, seconds)
        if line is None:
            return None
        line = json.loads(line)
        place = f" {line['x']:.2f} {line['y']:.2f}" if "x" in line else ""
        flags = "".join(" " + flag for flag in ("synthesised", "cancelled") if line.get(flag))
        return line["kind"] + (f" {line['id']}" if "id" in line else "") + place + flags + (
            " " + line["key"] if "key" in line else "")

    def edges(self, count):
        return [self.edge() for _ in range(count)]


panel = Touchscreen(width=1001, height=1001)
power = Keys([KEY_POWER], name="Power Button")
panel.down(0.2, 0.3)
kiosk = Kiosk()
check("the panel is read", kiosk.note(), f'reading {panel.node} "Otsenka bench panel" as slots')
check("the power button is left alone", kiosk.note(),
      f'leaving {power.node} "Power Button" alone: it has only keys of the system')
check("a finger that was there is known and no press", kiosk.edge(), "down 1 0.20 0.30 synthesised")
panel.up()
check("it lifts", kiosk.edge(), "up 1 0.20 0.30")

bystander = os.open(panel.node, os.O_RDONLY | os.O_NONBLOCK)
panel.tap(0.5, 0.75)
check("a tap", kiosk.edges(2), ["down 2 0.50 0.75", "up 2 0.50 0.75"])
check("nobody reads along", readable_events(bystander), [])
panel.tap(0.5, 0.75, seconds=0)
check("a tap at the same place, of which the kernel tells only the id", kiosk.edges(2),
      ["down 3 0.50 0.75", "up 3 0.50 0.75"])
panel.send((EV_ABS, ABS_MT_SLOT, 0), (EV_ABS, ABS_MT_TRACKING_ID, 500), (EV_ABS, ABS_MT_POSITION_X, 100),
           (EV_ABS, ABS_MT_TRACKING_ID, -1))
check("press and release in one frame", kiosk.edges(2), ["down 4 0.10 0.75", "up 4 0.10 0.75"])

box = Keys([KEY_1, KEY_2], name="Box \x1b[1m")
check("a box is plugged in", kiosk.note(), f'reading {box.node} "Box \\x1B[1m" as keys')
box.press(KEY_1)
check("its key", kiosk.edge(), "key KEY_1")

panel.down(0.4, 0.4)
check("a finger", kiosk.edge(), "down 5 0.40 0.40")
panel.unplug()
os.close(bystander)
check("goes with its panel", kiosk.edge(), "up 5 0.40 0.40 synthesised cancelled")
check("which is said", kiosk.note().split()[0], "gone:")
panel = Touchscreen(width=1001, height=1001)
check("the panel comes back", kiosk.note(), f'reading {panel.node} "Otsenka bench panel" as slots')
panel.tap(0.9, 0.1)
check("and works", kiosk.edges(2), ["down 6 0.90 0.10", "up 6 0.90 0.10"])

# A reader that sleeps while the kernel's buffer overflows.
panel.down(0.1, 0.1, slot=0)
panel.down(0.2, 0.2, slot=1)
check("two fingers", kiosk.edges(2), ["down 7 0.10 0.10", "down 8 0.20 0.20"])
kiosk.process.send_signal(signal.SIGSTOP)
wait_until("the program sleeps", lambda: " T " in open(f"/proc/{kiosk.process.pid}/stat").read())
panel.up(slot=1)
for turn in range(400):
    panel.down(0.5, 0.5 + turn / 1000, slot=2)
    panel.up(slot=2)
    panel.move(0.1 + turn / 1000, 0.1, slot=0)
panel.down(0.7, 0.7, slot=3)
kiosk.process.send_signal(signal.SIGCONT)
check("what ended ends as cancelled, what is new is no press, what stayed moves, nothing of between appears",
      sorted(kiosk.edges(3)),
      ["down 9 0.70 0.70 synthesised", "move 7 0.50 0.10 synthesised", "up 8 0.20 0.20 synthesised cancelled"])
panel.up(slot=0)
panel.up(slot=3)
check("both lift", kiosk.edges(2), ["up 7 0.50 0.10", "up 9 0.70 0.70"])
panel.tap(0.3, 0.3)
check("the next tap is a press", kiosk.edges(2), ["down 10 0.30 0.30", "up 10 0.30 0.30"])

packets = InputDevice("Packets", axes={ABS_MT_POSITION_X: (0, 1000, 0), ABS_MT_POSITION_Y: (0, 1000, 0)})
check("a panel without slots", kiosk.note(), f'reading {packets.node} "Packets" as packets')
packet = lambda x, y: ((EV_ABS, ABS_MT_POSITION_X, x), (EV_ABS, ABS_MT_POSITION_Y, y), (EV_SYN, 2, 0))
packets.send(*packet(100, 200))
check("its finger", kiosk.edge(), "down 11 0.10 0.20")
check("lifts by silence", kiosk.edge(), "up 11 0.10 0.20 synthesised")
packets.send(*packet(300, 200))
packets.send((EV_SYN, 2, 0))
check("or by an empty packet", kiosk.edges(2), ["down 12 0.30 0.20", "up 12 0.30 0.20"])

tablet = InputDevice("Tablet", keys=[BTN_LEFT], axes={ABS_X: (0, 1000, 0), ABS_Y: (0, 1000, 0)})
check("a pointer", kiosk.note(), f'reading {tablet.node} "Tablet" as pointer')
tablet.send((EV_KEY, BTN_LEFT, 1), (EV_ABS, ABS_X, 250), (EV_ABS, ABS_Y, 500))
tablet.send((EV_KEY, BTN_LEFT, 0))
check("its button", kiosk.edges(2), ["down 13 0.25 0.50", "up 13 0.25 0.50"])

second = Kiosk()
check("a second reader is told that it cannot grab", second.note().endswith("not grabbed (EBUSY)"), True)
check("and nothing more was said", kiosk.edge(seconds=0.3), None)
second.process.terminate()
kiosk.process.terminate()

stranger = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", os.environ["KIOSK"], "input"],
                          capture_output=True, text=True, timeout=20)
check("without permission it ends with 77", stranger.returncode, 77)
check("and names the way out", 'member of the group "input"' in stranger.stderr, True)
