#!/usr/bin/env python3
"""The whole kiosk on real devices: a finger becomes pixels, a durable record, and a rating in the collector."""
import glob
import os
import signal
import sys
import urllib.request

sys.path.insert(0, os.environ["BENCH"])
from bench import *
from kiosk_bench import *

KEY_4 = 5


def summary():
    with urllib.request.urlopen(ADDRESS + "/v1/summary", timeout=SLOW) as answer:
        return json.load(answer)


def receipted():
    """The status, as soon as the collector has signed for every record."""
    return wait_until("everything is receipted", lambda: (now := status())["unsent"] == 0 and now, SLOW)


# A collector, and a kiosk that finds neither a screen that is on nor a panel.
collector = begin_collector()
card = Screen("card", crtc_picture)
framebuffer = Screen("framebuffer", framebuffer_picture)
connector = glob.glob("/sys/class/drm/card0-Virtual-*/status")[0]


def plug(state):
    with open(connector, "w") as file:
        file.write(state)


plug("off")
kiosk = Kiosk("auto")
wait_until("the kiosk waits for a screen", lambda: told("waiting for a display"), SLOW)
plug("on")
wait_until("the screen that came late is drawn on", lambda: (now := crtc_picture()) and len(set(now.rows)) > 1, SLOW)
print("ok: a screen that comes late is taken", flush=True)
panel = Touchscreen()
box = Keys([KEY_4], name="Otsenka bench buttons")
enrol()
uplink = start("uplink", KIOSK, "uplink", "--runtime-dir", RUNTIME, "--state-dir", "/run/uplink",
               "--allow-plain-loopback", "--fast")
card.expect("idle")
check("nothing needs a technician", status()["marks"], [])

# One session on the card: a finger that goes with its panel, a button, a finger on the panel that came back.
bystander = os.open(panel.node, os.O_RDONLY | os.O_NONBLOCK)
card.touch(panel, (0.5, 0.5), "question-1")
panel.up()
card.touch(panel, card.place("pressed", "question-1"), "pressed")
check("nobody reads along", readable_events(bystander), [])
os.close(bystander)
panel.unplug()
card.expect("question-2")
panel = Touchscreen()
wait_until("the panel is read again", lambda: any(panel.name in line for line in status()["devices"]), SLOW)
card.act(lambda: box.press(KEY_4), lambda: None, "question-3")
card.touch(panel, card.place("pressed-finish", "question-6", card.picture("idle").height // 2), "thanks")
panel.up()
card.expect("idle")
first = ["boot", "config questionnaire", "shown default@1", "answer 5", "answer 4", "session answered"]
check("the journal has one answer for each press", short(records()), first)
receipted()
check("the collector counts one rating", summary()["ratings"], 1)

# The power goes in the middle of a session; the next start draws on the framebuffer.
card.touch(panel, (0.5, 0.5), "question-1")
panel.up()
kiosk.end(signal.SIGKILL)
kiosk = Kiosk("fbdev")
framebuffer.expect("idle")
framebuffer.touch(panel, (0.5, 0.5), "question-1")
panel.up()
framebuffer.touch(panel, framebuffer.place("pressed", "question-1"), "pressed")
panel.up()
framebuffer.expect("question-2")
framebuffer.touch(
    panel, framebuffer.place("pressed-finish", "question-6", framebuffer.picture("idle").height // 2), "thanks")
panel.up()
framebuffer.expect("idle")
check("the session that was cut off is closed as interrupted", short(records())[len(first):],
      ["shown default@1", "session interrupted", "boot", "config questionnaire", "shown default@1", "answer 5",
       "session answered"])
check("every record is receipted", receipted()["receipted"], 13)
check("the collector counts both ratings", (summary()["ratings"], summary()["kiosks"]), (2, 1))

check("SIGTERM ends the kiosk well", kiosk.end(signal.SIGTERM), 0)
reader = os.open(panel.node, os.O_RDONLY | os.O_NONBLOCK)
panel.tap(0.5, 0.5)
check("the panel is free again", len(readable_events(reader)) > 5, True)
uplink.terminate()
collector.terminate()
check("the collector ends well", collector.wait(timeout=SLOW), 0)
