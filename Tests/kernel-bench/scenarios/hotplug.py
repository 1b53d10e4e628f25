#!/usr/bin/env python3
"""Screens and panels that come late, go and come back, under one kiosk that runs all the time.

Each time the right screen must be there again, a press must count once, and nothing that nobody pressed may be in the
journal. No time is judged beyond “at all”; the median and the worst of each kind, from the moment the thing is back to
the whole picture, are printed at the end. ROUNDS says how often each change comes; 3 are enough for a test.
"""
import contextlib
import glob
import os
import signal
import statistics
import sys

sys.path.insert(0, os.environ["BENCH"])
from bench import *
from kiosk_bench import *

ROUNDS = int(os.environ["ROUNDS"])
KEY_4 = 5
NOBODY = 65534
FRAMEBUFFER_DRIVER = "/sys/bus/platform/drivers/vfb"
CARD, HIDDEN_CARD = "/dev/dri/card0", "/dev/bench-card"
USB_CARD = "/dev/dri/card1"


def eye(picture, path):
    """Sees nothing where there is no device, or one that is just going."""

    def look():
        with contextlib.suppress(OSError):
            return picture(path)

    return look


card = Screen("card", eye(crtc_picture, CARD))
usb = Screen("USB screen", eye(crtc_picture, USB_CARD), like=card)
framebuffer = Screen("framebuffer", eye(framebuffer_picture, "/dev/fb0"))
taken = {}


def measured(kind, since):
    taken.setdefault(kind, []).append(time.monotonic() - since)


def until_shown(screen, names):
    """Waits for one of these screens and says nothing else: there are many rounds."""
    wanted, deadline = [screen.picture(name) for name in names], time.monotonic() + SLOW
    while (found := screen.look()) not in wanted:
        if time.monotonic() > deadline:
            if found:
                found.save(f"{screen.name}-instead-of-{names[0]}.png")
            fail(f"the {screen.name} never showed {' or '.join(names)}")
        time.sleep(0.01)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


class Visitor:
    """Goes through the dialog with one press after another, and knows what the journal must hold for it."""

    FIRST = ["boot", "config questionnaire"]

    def __init__(self):
        self.panel = Touchscreen()
        self.records = list(self.FIRST)
        self.step = 0
        self.is_down = False

    @property
    def sees(self):
        return [("idle", "thanks"), ("question-1",), ("question-2",)][self.step]

    def place(self, screen):
        """Where the next press goes: the visitor wakes the screen, gives a mark, and is finished."""
        if self.step == 0:
            return (0.5, 0.5)
        if self.step == 1:
            return screen.place("pressed", "question-1")
        return screen.place("pressed-finish", "question-6", screen.picture("idle").height // 2)

    def press(self, screen):
        """One press, which leaves the finger where it is."""
        self.lift()
        if self.step == 0 and screen.look() != screen.picture("idle"):
            until_shown(screen, ["idle"])
        place = self.place(screen)
        time.sleep(0.4)  # a new screen takes presses after a quarter of a second
        self.panel.down(*place)
        self.is_down = True
        self.records += [["shown default@1"], ["answer 5"], ["session answered"]][self.step]
        self.step = (self.step + 1) % 3

    def lift(self):
        if self.is_down:
            self.panel.up()
        self.is_down = False

    def replug(self, kiosk, screen, number):
        """The panel is pulled out with the finger as it is, and put back: one time in three with a finger on it."""
        if number % 3 == 0:
            self.lift()
        gone, read = told("an input device is gone"), told("an input device is read")
        self.panel.unplug()
        wait_until("the panel is seen to go", lambda: told("an input device is gone") > gone, SLOW)
        has_finger = number % 3 == 2
        # A kiosk that is held cannot have opened the panel before the finger is on it.
        if has_finger:
            kiosk.process.send_signal(signal.SIGSTOP)
        self.panel = Touchscreen()
        since = time.monotonic()
        if has_finger:
            self.panel.down(*self.place(screen))
            since = time.monotonic()
            kiosk.process.send_signal(signal.SIGCONT)
        self.is_down = has_finger
        wait_until("the panel is read again", lambda: told("an input device is read") > read, SLOW)
        until_shown(screen, self.sees)
        measured("the panel is replugged", since)

    def check_journal(self, when):
        self.lift()
        check(f"{when}: one record for each press, and no others", short(records()), self.records)


def socket_of(screen):
    """The file that plugs a card's screen in and out."""
    return glob.glob(f"/sys/class/drm/{os.path.basename(CARDS[screen])}-*/status")[0]


def unplug_and_plug(screen, kind):
    """The screen is pulled out, the visitor goes on blindly, and the screen shows where they are when it is back."""
    connector = socket_of(screen)
    until_shown(screen, [visitor.sees[0]])
    before, unplugged = visitor.sees, told("the screen was unplugged")
    write(connector, "off")
    wait_until("the kiosk sees it go", lambda: told("the screen was unplugged") > unplugged, SLOW)
    visitor.press(screen)
    time.sleep(0.4)
    if not any(screen.shows(name) for name in before):
        fail(f"the {screen.name} was drawn on without a screen")
    write(connector, "on")
    since = time.monotonic()
    until_shown(screen, visitor.sees)
    measured(kind, since)


def rock(screen):
    """A plug with a bad contact: in again each time before a look every second would see it out."""
    connector, plugged = socket_of(screen), told("the screen is plugged in")
    for _ in range(20):
        write(connector, "off")
        write(connector, "on")
    wait_until("the card's news are heard", lambda: told("the screen is plugged in") > plugged, SLOW)
    until_shown(screen, visitor.sees)


# Nothing to draw on is there yet. The kiosk may not open what its user may not open, although it is root.
CARDS = {card: CARD, usb: USB_CARD}
os.rename(CARD, HIDDEN_CARD)
write(f"{FRAMEBUFFER_DRIVER}/unbind", "vfb.0")
collector = begin_collector()
box = Keys([KEY_4], name="Otsenka bench buttons")
visitor = Visitor()
rights = "-dac_override,-dac_read_search"
kiosk = Kiosk("auto", highlight_ms=100, thanks_ms=2000,
              wrapper=("setpriv", f"--inh-caps={rights}", f"--bounding-set={rights}"))
for screen in (card, framebuffer):
    screen.know("idle", "thanks", "question-1", "question-2", "question-6", "pressed", "pressed-finish")
wait_until("the kiosk listens", lambda: told("the kiosk is running"), SLOW)
check("it waits for a screen", told("waiting for a display"), 1)
enrol()
write(f"{FRAMEBUFFER_DRIVER}/bind", "vfb.0")
since = time.monotonic()
until_shown(framebuffer, ["idle"])
measured("fb0 appears after the start", since)

# fb0 is replaced, as the firmware's framebuffer is by the driver's; and the panel is replugged.
for number in range(ROUNDS):
    write(f"{FRAMEBUFFER_DRIVER}/unbind", "vfb.0")
    if number % 2:
        time.sleep(0.5)  # long enough for the kiosk to see that it is missing
    write(f"{FRAMEBUFFER_DRIVER}/bind", "vfb.0")
    since = time.monotonic()
    until_shown(framebuffer, visitor.sees)
    measured("fb0 is replaced", since)
    visitor.replug(kiosk, framebuffer, number)
    visitor.press(framebuffer)
    until_shown(framebuffer, visitor.sees)
visitor.check_journal("fb0 was replaced and the panel replugged")

# A card comes when the kiosk draws on the framebuffer already; its screen is unplugged, which it tells the kernel; and
# it is taken away with the kiosk on it.
for number in range(ROUNDS):
    screen = start("usb-screen", f"{BENCH}/usb_screen.py")
    wait_until("the USB screen has a card", lambda: os.path.exists(USB_CARD), SLOW)
    since = time.monotonic()
    time.sleep(0.03)  # the first to open a card is its master, and that must not be us
    until_shown(usb, visitor.sees)
    measured("a card appears", since)
    if number == 0:
        rock(usb)
    unplug_and_plug(usb, "a connector that tells is replugged")
    screen.kill()
    screen.wait(timeout=SLOW)
    wait_until("the card is gone", lambda: not os.path.exists(USB_CARD), SLOW)
    since = time.monotonic()
    until_shown(framebuffer, visitor.sees)
    measured("fb0 takes over from a card that went", since)
visitor.check_journal("a card came and went")

# A card whose file exists before udev has given the kiosk the right to open it.
os.chown(HIDDEN_CARD, NOBODY, NOBODY)
os.chmod(HIDDEN_CARD, 0o600)
os.makedirs(os.path.dirname(CARD), exist_ok=True)  # devtmpfs takes an empty folder away
os.rename(HIDDEN_CARD, CARD)
time.sleep(1)
os.chmod(CARD, 0o666)
since = time.monotonic()
until_shown(card, visitor.sees)
measured("card0 gets its access rights", since)
print("ok: a card is taken when it may be opened", flush=True)

# This card's connector tells of nothing: it has to be asked.
for number in range(ROUNDS):
    unplug_and_plug(card, "a connector that does not tell is replugged")
    visitor.replug(kiosk, card, number)
visitor.check_journal("the screen was unplugged and plugged in")

# Without any other input the dialog closes with its panel, and comes back with it; what was begun is interrupted.
until_shown(card, [visitor.sees[0]])
box.unplug()
for number in range(ROUNDS):
    if number == 0 and visitor.step == 0:
        visitor.press(card)
        until_shown(card, visitor.sees)
    missing = told("there is no input device")
    visitor.panel.unplug()
    visitor.is_down = False
    wait_until("nothing can be pressed", lambda: told("there is no input device") > missing, SLOW)
    if visitor.step:
        visitor.records.append("session interrupted")
    visitor.step = 0
    visitor.panel = Touchscreen()
    since = time.monotonic()
    until_shown(card, ["idle"])
    measured("the only panel is replugged", since)
time.sleep(2)  # a screen that was left without a mark wakes again when its thanks would be over
visitor.press(card)
until_shown(card, visitor.sees)
visitor.check_journal("the only panel was replugged")

check("SIGTERM ends the kiosk well", kiosk.end(signal.SIGTERM), 0)
collector.terminate()
check("the collector ends well", collector.wait(timeout=SLOW), 0)
print("seconds from back to shown, median and worst:", flush=True)
for kind, seconds in taken.items():
    print(f"  {statistics.median(seconds):.2f} {max(seconds):.2f} of {len(seconds)}: {kind}", flush=True)
