#!/usr/bin/env python3
"""Display draws on a real card: what a second program reads from the active CRTC is what was drawn."""
import glob
import os
import sys

sys.path.insert(0, os.environ["BENCH"])
from bench import *

testbench = os.environ["TESTBENCH"]
status_file = glob.glob("/sys/class/drm/card0-Virtual-*/status")[0]


def force(status):
    with open(status_file, "w") as file:
        file.write(status)


display = Program(testbench, "drm")
check("the card opens in its preferred mode", display.line(),
      "open drm /dev/dri/card0 Virtual-1 1024x768@60.004, no millimetres")
shown = crtc_picture()
check("the size of the picture", (shown.width, shown.height), (1024, 768))
check("it is black at first", set(shown.rows), {bytes(1024 * 3)})

# Both buffers in turn, with damage at the edges and outside.
fills = [(0, 0, 64, 48, "ff0000"), (960, 720, 100, 100, "00ff00"), (500, 300, 1, 1, "123456"),
         (0, 767, 1024, 1, "0000ff"), (100, 100, 200, 10, "abcdef")]
for x, y, width, height, color in fills:
    check(f"fill {color}", display.ask(f"fill {x} {y} {width} {height} {color}"), "pending")
    check("it reaches the screen", display.ask("settle"), "settled")
    check(f"{color} is where it was drawn", crtc_picture().pixel(x, y), color)
shown = crtc_picture()
shown.save("drm.png")
for x, y, color in [(63, 47, "ff0000"), (64, 47, "000000"), (63, 48, "000000"), (960, 720, "00ff00"),
                    (959, 720, "000000"), (1023, 766, "00ff00"), (500, 300, "123456"), (501, 300, "000000"),
                    (0, 767, "0000ff"), (1023, 767, "0000ff"), (299, 109, "abcdef"), (300, 109, "000000")]:
    check(f"pixel {x},{y} after five frames", shown.pixel(x, y), color)

# A frame that comes while another is on its way waits and is sent by the event.
check("a first frame", display.ask("fill 10 700 5 5 111111"), "pending")
check("a second one at once waits", display.ask("fill 20 700 5 5 222222"), "waiting")
check("a third one joins it", display.ask("fill 30 700 5 5 333333"), "waiting")
check("the first is on the screen", display.ask("settle"), "settled")
check("the others follow", display.ask("settle"), "settled")
shown = crtc_picture()
check("all three are shown", [shown.pixel(x, 702) for x in (12, 22, 32)], ["111111", "222222", "333333"])

second = Program(testbench, "drm")
check("a second program is refused", second.line(),
      "busy: screen /dev/dri/card0 is in use by another program (EBUSY); stop the other program "
      "(a desktop, another kiosk); fuser /dev/dri/card0 names it")
check("with the status of an absent device", second.end(), 69)

force("off")
check("unplugging is seen", display.ask("refresh"), "unplugged drm /dev/dri/card0 Virtual-1 1024x768@60.004")
check("drawing goes on", display.ask("fill 200 200 5 5 444444"), "off")
check("once only", display.ask("refresh").split()[0], "unchanged")
force("on")
check("replugging is seen", display.ask("refresh").split()[0], "pluggedIn")
shown = crtc_picture()
check("what was drawn meanwhile is shown", (shown.pixel(202, 202), shown.pixel(63, 47)), ("444444", "ff0000"))
check("frames go on", display.ask("fill 210 200 5 5 555555"), "pending")
check("and arrive", display.ask("settle"), "settled")
check("at their place", crtc_picture().pixel(212, 202), "555555")
check("recovering keeps the picture", (display.ask("recover"), crtc_picture().pixel(212, 202)),
      ("recovered", "555555"))
check("the screen is put back", (display.end(), crtc_picture()), (0, None))

display = Program(testbench, "drm", "mode=800x600", "connector=Virtual-1")
check("a mode by settings", display.line().split(",")[0], "open drm /dev/dri/card0 Virtual-1 800x600@60.317")
display.end()
display = Program(testbench, "drm", "mode=801x600")
check("a mode that does not exist", display.line().split(";")[0],
      "settings: screen /dev/dri/card0 connector Virtual-1 has no mode 801x600")
display = Program(testbench, "drm", "connector=HDMI-A-1")
check("a connector that does not exist", display.line(),
      "settings: screen /dev/dri/card0 has no connector HDMI-A-1; name one of these in the settings: Virtual-1")
force("off")
display = Program(testbench, "auto")
check("no screen plugged in", display.line(),
      "disconnected: screen /dev/dri/card0 has no screen plugged in (Virtual-1); plug in a screen; it is used by itself")
