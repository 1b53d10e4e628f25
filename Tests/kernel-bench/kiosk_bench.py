"""What scenarios with the whole kiosk use: the programs, and screens as visitors see them.

PROGRAMS is the folder of the programs. PICTURES is a folder of screens that `otsenka-kiosk render` drew, each for the
card (1024x768) and for the framebuffer (1280x800): card-idle.png, framebuffer-idle.png and so on.
"""

import json
import os
import subprocess
import time

from bench import OUT, difference, fail, png_picture, wait_until

KIOSK = os.environ["PROGRAMS"] + "/otsenka-kiosk"
COLLECTOR = os.environ["PROGRAMS"] + "/otsenka-collector"
ADDRESS = "http://127.0.0.1:8080"
RUNTIME = "/run/otsenka"
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

    def __init__(self, backend, highlight_ms=2000, thanks_ms=4000, wrapper=()):
        settings = f"/run/{backend}.yaml"
        with open(settings, "w") as file:
            # Long times: nothing may run out while a slow machine looks, and a highlight must be seen.
            file.write(f"data: /run/kiosk-data\nruntime: {RUNTIME}\ndisplay:\n  backend: {backend}\n"
                       "  wait-seconds: 600\n"
                       f"dialog:\n  warning-ms: 300000\n  highlight-ms: {highlight_ms}\n  thanks-ms: {thanks_ms}\n")
        self.process = start("run", *wrapper, KIOSK, "run", "--settings", settings)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(timeout=SLOW)


def told(text):
    """How often the kiosk's log says this."""
    with open(f"{OUT}/run.log") as log:
        return log.read().count(text)


def begin_collector():
    """Serves from now on."""
    output(COLLECTOR, "init", "--dir", "/run/collector", "--name", "bench")
    return start("collector", COLLECTOR, "serve", "--dir", "/run/collector", "--host", "127.0.0.1", "--port", "8080",
                 "--plain-http-loopback")


def enrol():
    added = json.loads(output(COLLECTOR, "kiosk", "add", "--dir", "/run/collector", "--id", "bench-1", "--office",
                              "Bench", "--json"))
    output(KIOSK, "enrol", "--runtime-dir", RUNTIME, "--state-dir", "/run/uplink", "--allow-plain-loopback",
           "--collector", ADDRESS, "--code", added["code"])


def status():
    return json.loads(output(KIOSK, "status", "--runtime-dir", RUNTIME, "--json"))


def records():
    return [json.loads(line) for line in output(KIOSK, "export", "--runtime-dir", RUNTIME).splitlines()]


class Screen:
    """A real screen, and what each of the dialog's screens must look like on it."""

    def __init__(self, name, look, like=None):
        """`like` is another screen of the same size, for one that has no pictures of its own."""
        self.name, self.look = name, look
        self.pictures = like.pictures if like else name
        self.known, self.places = (like.known, like.places) if like else ({}, {})

    def know(self, *names):
        """Reads these pictures now, for it takes a second for each: nobody is to wait for it when time is measured."""
        for name in names:
            self.picture(name)

    def picture(self, of):
        if of not in self.known:
            self.known[of] = png_picture(f"{os.environ['PICTURES']}/{self.pictures}-{of}.png")
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
        wanted = (pressed, unpressed, top)
        if wanted not in self.places:
            shown = self.picture(pressed)
            left, upper, right, lower = difference(shown, self.picture(unpressed), top)
            self.places[wanted] = ((left + right) / 2 / shown.width, (upper + lower) / 2 / shown.height)
        return self.places[wanted]

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


def short(lines):
    """Records without what differs from run to run."""
    names = {"shown": "questionnaire", "answer": "value", "session": "outcome", "config": "name"}
    return [line["kind"] + (f" {line[names[line['kind']]]}" if line["kind"] in names else "") for line in lines]
