#!/usr/bin/env python3
"""Display draws on a real framebuffer: what a second program reads from /dev/fb0 is what was drawn."""
import os
import sys

sys.path.insert(0, os.environ["BENCH"])
from bench import *

bits = int(os.environ["BITS"])
display = Program(os.environ["TESTBENCH"], "fbdev")
check("the framebuffer opens", display.line(), f"open fbdev /dev/fb0 1280x800 {bits} bpp, no millimetres")
shown = framebuffer_picture()
check("it is black at first", set(shown.rows), {bytes(1280 * 3)})
for x, y, color in [(0, 0, "ff0000"), (1270, 790, "00ff00"), (640, 400, "0000ff"), (3, 799, "ffffff")]:
    check(f"fill {color}", display.ask(f"fill {x} {y} 20 20 {color}"), "shown")
shown = framebuffer_picture()
shown.save("fbdev.png")
for x, y, color in [(0, 0, "ff0000"), (19, 19, "ff0000"), (20, 19, "000000"), (1279, 799, "00ff00"),
                    (1269, 799, "000000"), (640, 400, "0000ff"), (659, 419, "0000ff"), (660, 419, "000000"),
                    (3, 799, "ffffff"), (2, 799, "000000")]:
    check(f"pixel {x},{y}", shown.pixel(x, y), color)
check("nothing has changed", display.ask("refresh").split()[0], "unchanged")
check("it ends well", display.end(), 0)
