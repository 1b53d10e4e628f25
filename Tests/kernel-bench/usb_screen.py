#!/usr/bin/env python3
"""A USB screen of DisplayLink's first kind, plugged into the kernel's own USB bus for as long as this program runs.

Its driver (udl) makes a card of it. Killing the program pulls the cable: unlike vkms, the card then goes away under
whoever draws on it. The screen says nothing of itself (its EDID, byte by byte over a bus of this kind, would take
seconds), so the kernel's command line must force it on: `video=VGA-1:e`. What is drawn is taken and thrown away; look
at the card's buffer for it.

The numbers come from linux/usb/raw_gadget.h and linux/usb/ch9.h, the vendor's ones from drivers/gpu/drm/udl.
"""

import ctypes
import os
import struct
import threading

INIT, RUN, EVENT_FETCH = 0x41015500, 0x5501, 0x80085502
EP0_WRITE, EP0_READ, EP0_STALL = 0x40085503, 0xC0085504, 0x550C
EP_ENABLE, EP_READ, CONFIGURE = 0x40095505, 0xC0085508, 0x5509
CONTROL = 2
HIGH_SPEED = 3

GET_DESCRIPTOR, SET_CONFIGURATION, SET_INTERFACE, SET_CHANNEL = 0x06, 0x09, 0x0B, 0x12
DEVICE, CONFIGURATION, VENDOR_SPECIFIC = 0x01, 0x02, 0x5F

BULK = struct.pack("<BBBBHB", 7, 5, 0x01, 2, 512, 0)
DESCRIPTORS = {
    DEVICE: struct.pack("<BBHBBBBHHHBBBB", 18, DEVICE, 0x0200, 0, 0, 0, 64, 0x17E9, 0x0001, 0x0100, 0, 0, 0, 1),
    CONFIGURATION: struct.pack("<BBHBBBBB", 9, CONFIGURATION, 25, 1, 1, 0, 0x80, 250)
    + struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 1, 0xFF, 0, 0, 0) + BULK,
    # One value: no more pixels than 1920x1200.
    VENDOR_SPECIFIC: struct.pack("<BBHBHBI", 12, VENDOR_SPECIFIC, 1, 10, 0x0200, 4, 1920 * 1200),
}

LIBC = ctypes.CDLL(None, use_errno=True)


def ioctl(file, request, data=b""):
    """Unlike fcntl.ioctl, which holds Python's lock while it waits with a large buffer."""
    buffer = ctypes.create_string_buffer(bytes(data), len(data)) if data else None
    answer = LIBC.ioctl(file, ctypes.c_ulong(request), buffer)
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"request {request:#x} was refused")
    return answer, buffer.raw if data else b""


class Screen:
    def __init__(self):
        self.file = os.open("/dev/raw-gadget", os.O_RDWR | os.O_CLOEXEC)
        ioctl(self.file, INIT, struct.pack("128s128sB", b"dummy_udc", b"dummy_udc.0", HIGH_SPEED))
        ioctl(self.file, RUN)

    def transfer(self, request, endpoint, data):
        ioctl(self.file, request, struct.pack("<HHI", endpoint, 0, len(data)) + data)

    def serve(self):
        while True:
            _, event = ioctl(self.file, EVENT_FETCH, struct.pack("<II", 0, 8) + bytes(8))
            if struct.unpack_from("<I", event)[0] == CONTROL:
                self.answer(*struct.unpack_from("<BBHHH", event, 8))

    def answer(self, kind, request, value, _, length):
        if request == GET_DESCRIPTOR and value >> 8 in DESCRIPTORS:
            self.transfer(EP0_WRITE, 0, DESCRIPTORS[value >> 8][:length])
        elif (kind, request) == (0, SET_CONFIGURATION):
            endpoint, _ = ioctl(self.file, EP_ENABLE, BULK + bytes(2))
            ioctl(self.file, CONFIGURE)
            threading.Thread(target=self.swallow, args=(endpoint,), daemon=True).start()
            self.transfer(EP0_READ, 0, b"")
        elif request in (SET_INTERFACE, SET_CHANNEL):
            self.transfer(EP0_READ, 0, bytes(length))
        else:
            ioctl(self.file, EP0_STALL)

    def swallow(self, endpoint):
        while True:
            self.transfer(EP_READ, endpoint, bytes(65536))


Screen().serve()
