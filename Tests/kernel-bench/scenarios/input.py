#!/usr/bin/env python3
"""The bench's own fingers: a panel made by uinput is an evdev node, a grab is exclusive, and a replug is a new node."""
import os
import sys

sys.path.insert(0, os.environ["BENCH"])
from bench import *

panel = Touchscreen()
reader = os.open(panel.node, os.O_RDONLY | os.O_NONBLOCK)
bystander = os.open(panel.node, os.O_RDONLY | os.O_NONBLOCK)
panel.down(0.25, 0.5)
expected = [(EV_ABS, ABS_MT_TRACKING_ID, 1), (EV_ABS, ABS_MT_POSITION_X, 1024), (EV_ABS, ABS_MT_POSITION_Y, 2048),
            (EV_KEY, BTN_TOUCH, 1), (EV_ABS, ABS_X, 1024), (EV_ABS, ABS_Y, 2048), (EV_SYN, SYN_REPORT, 0)]
check("a finger's events", readable_events(reader), expected)
check("every reader gets them", readable_events(bystander), expected)
panel.up()
readable_events(reader), readable_events(bystander)

fcntl.ioctl(reader, EVIOCGRAB, 1)
panel.tap(0.5, 0.5)
check("the grabbing reader gets a tap", len(readable_events(reader)) > 5, True)
check("the other one gets nothing", readable_events(bystander), [])
try:
    fcntl.ioctl(bystander, EVIOCGRAB, 1)
    fail("a second grab was allowed")
except OSError as error:
    check("a second grab is refused", error.strerror, "Device or resource busy")

panel.down(0.1, 0.1)
readable_events(reader)
panel.unplug()
try:
    while True:
        os.read(reader, 24)
except OSError as error:
    check("unplugging with a finger down ends the reader", error.strerror, "No such device")
panel = Touchscreen()
check("the panel is back", os.path.exists(panel.node), True)
