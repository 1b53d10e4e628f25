#!/usr/bin/env python3
"""The whole kiosk on real devices: a finger becomes pixels, a durable record, and a rating in the collector.

PROGRAMS is the folder of the programs. PICTURES is a folder of screens that `otsenka-kiosk render` drew, each for the
card (1024x768) and for the framebuffer (1280x800): card-idle.png, framebuffer-idle.png and so on.
"""
import glob
import json
import os
import signal
import sys
import urllib.request

sys.path.insert(0, os.environ["BENCH"])
from bench import *

KIOSK = os.environ["PROGRAMS"] + "/otsenka-kiosk"
COLLECTOR = os.environ["PROGRAMS"] + "/otsenka-collector"
ADDRESS = "http://127.0.0.1:8080"
RUNTIME = "/run/otsenka"
KEY_4 = 5
# Programs in a debug build read hundreds of megabytes through hostfs before they do anything.
SLOW = 60


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=SLOW)
    if done.returncode != 0:
        fail(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def start(log, *command):
    with open(f"{OUT}/{log}.log", "a") as file:
        return subprocess.Popen(command, stdout=file, stderr=file)


class Kiosk:
    """`otsenka-kiosk run` with the data of every one before it."""

    def __init__(self, backend):
        settings = f"/run/{backend}.yaml"
        with open(settings, "w") as file:
            # Long times: nothing may run out while a slow machine looks, and a highlight must be seen.
            file.write(f"data: /run/kiosk-data\nruntime: {RUNTIME}\ndisplay:\n  backend: {backend}\n"
                       "dialog:\n  warning-ms: 300000\n  highlight-ms: 2000\n  thanks-ms: 4000\n")
        self.process = start("run", KIOSK, "run", "--settings", settings)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(timeout=SLOW)


def status():
    return json.loads(output(KIOSK, "status", "--runtime-dir", RUNTIME, "--json"))


def records():
    return [json.loads(line) for line in output(KIOSK, "export", "--runtime-dir", RUNTIME).splitlines()]


def summary():
    with urllib.request.urlopen(ADDRESS + "/v1/summary", timeout=SLOW) as answer:
        return json.load(answer)


class Screen:
    """A real screen, and what each of the dialog's screens must look like on it."""

    def __init__(self, name, look):
        self.name, self.look = name, look
        self.known = {}

    def picture(self, of):
        if of not in self.known:
            self.known[of] = png_picture(f"{os.environ['PICTURES']}/{self.name}-{of}.png")
        return self.known[of]

    def shows(self, of):
        return self.look() == self.picture(of)

    def expect(self, of):
        wanted, deadline = self.picture(of), time.monotonic() + SLOW
        while (found := self.look()) != wanted:
            if time.monotonic() > deadline:
                if found:
                    found.save(f"{self.name}-instead-of-{of}.png")
                fail(f"the {self.name} never showed {of}")
        print(f"ok: the {self.name} shows {of}", flush=True)

    def place(self, pressed, unpressed, top=0):
        """The middle of what is highlighted in one picture and not in the other, as fractions."""
        shown = self.picture(pressed)
        left, top, right, bottom = difference(shown, self.picture(unpressed), top)
        return (left + right) / 2 / shown.width, (top + bottom) / 2 / shown.height

    def act(self, press, release, until):
        """Presses until the screen answers; what was pressed stays down. Again where the question was not yet armed."""
        self.picture(until)
        for _ in range(4):
            time.sleep(0.4)  # a quarter of a second passes before a new screen takes presses
            press()
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                if self.shows(until):
                    return print(f"ok: a press brings {until} to the {self.name}", flush=True)
            release()
        self.expect(until)

    def touch(self, panel, place, until):
        self.act(lambda: panel.down(*place), panel.up, until)


def receipted():
    """The status, as soon as the collector has signed for every record."""
    return wait_until("everything is receipted", lambda: (now := status())["unsent"] == 0 and now, SLOW)


def short(lines):
    """Records without what differs from run to run."""
    names = {"shown": "questionnaire", "answer": "value", "session": "outcome", "config": "name"}
    return [line["kind"] + (f" {line[names[line['kind']]]}" if line["kind"] in names else "") for line in lines]


# A collector, and a kiosk that finds neither a screen that is on nor a panel.
output(COLLECTOR, "init", "--dir", "/run/collector", "--name", "bench")
collector = start("collector", COLLECTOR, "serve", "--dir", "/run/collector", "--host", "127.0.0.1", "--port", "8080",
                  "--plain-http-loopback")
card = Screen("card", crtc_picture)
framebuffer = Screen("framebuffer", framebuffer_picture)
connector = glob.glob("/sys/class/drm/card0-Virtual-*/status")[0]


def plug(state):
    with open(connector, "w") as file:
        file.write(state)


plug("off")
kiosk = Kiosk("auto")
wait_until("the kiosk waits for a screen", lambda: "waiting for a display" in open(f"{OUT}/run.log").read(), SLOW)
plug("on")
wait_until("the screen that came late is drawn on", lambda: (now := crtc_picture()) and len(set(now.rows)) > 1, SLOW)
print("ok: a screen that comes late is taken", flush=True)
panel = Touchscreen()
box = Keys([KEY_4], name="Otsenka bench buttons")
added = json.loads(output(COLLECTOR, "kiosk", "add", "--dir", "/run/collector", "--id", "bench-1", "--office",
                          "Bench", "--json"))
output(KIOSK, "enrol", "--runtime-dir", RUNTIME, "--state-dir", "/run/uplink", "--allow-plain-loopback",
       "--collector", ADDRESS, "--code", added["code"])
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
