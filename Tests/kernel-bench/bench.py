"""What scenarios in the bench's kernel use: fingers that a kernel makes into evdev nodes, and eyes on its screens.

Independent of the code under test: the numbers come from the kernel's headers (linux/uinput.h, drm/drm_mode.h,
linux/fb.h), 64-bit little endian.
"""

import array
import contextlib
import ctypes
import fcntl
import glob
import mmap
import os
import select
import struct
import subprocess
import sys
import time
import zlib

BENCH = os.environ["BENCH"]
OUT = os.environ["OUT"]

EV_SYN, EV_KEY, EV_ABS = 0, 1, 3
SYN_REPORT = 0
BTN_TOUCH = 0x14A
ABS_X, ABS_Y = 0x00, 0x01
ABS_MT_SLOT, ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_TRACKING_ID = 0x2F, 0x35, 0x36, 0x39
INPUT_PROP_DIRECT = 0x01
EVIOCGRAB = 0x40044590


def _ioctl_number(direction, kind, number, size):
    return direction << 30 | size << 16 | ord(kind) << 8 | number


def wait_until(what, condition, seconds=10.0):
    """The first true answer of `condition`, asked again and again; ends the scenario if there is none."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            fail(f"waited {seconds:g} s in vain until {what}")
        time.sleep(0.01)


def fail(why):
    print(f"FAILED: {why}", flush=True)
    sys.exit(1)


def check(what, found, expected):
    if found != expected:
        fail(f"{what}: found {found!r}, expected {expected!r}")
    print(f"ok: {what}", flush=True)


# Input


class InputDevice:
    """A device made by uinput; it exists until `unplug`, as if a cable were pulled, with fingers and keys held."""

    def __init__(self, name, keys=(), axes=None, properties=(), vendor=0x1209, product=0x0001):
        self.name = name
        self._file = os.open("/dev/uinput", os.O_RDWR | os.O_CLOEXEC)
        axes = axes or {}
        for kind, wanted in ((EV_KEY, keys), (EV_ABS, axes)):
            if wanted:
                fcntl.ioctl(self._file, _ioctl_number(1, "U", 100, 4), kind)
        for key in keys:
            fcntl.ioctl(self._file, _ioctl_number(1, "U", 101, 4), key)
        for bit in properties:
            fcntl.ioctl(self._file, _ioctl_number(1, "U", 110, 4), bit)
        for axis, (low, high, resolution) in axes.items():
            setup = struct.pack("<HxxiiiiiI", axis, 0, low, high, 0, 0, resolution)
            fcntl.ioctl(self._file, _ioctl_number(1, "U", 4, 28), setup)
        setup = struct.pack("<HHHH80sI", 0x03, vendor, product, 1, name.encode(), 0)
        fcntl.ioctl(self._file, _ioctl_number(1, "U", 3, 92), setup)
        fcntl.ioctl(self._file, _ioctl_number(0, "U", 1, 0))
        sysname = bytearray(64)
        fcntl.ioctl(self._file, _ioctl_number(2, "U", 44, 64), sysname)
        self.sysname = sysname.split(b"\0")[0].decode()
        folder = f"/sys/devices/virtual/input/{self.sysname}"
        found = wait_until(f"{name} has an event node", lambda: glob.glob(f"{folder}/event*"))
        self.node = "/dev/input/" + os.path.basename(found[0])

    def send(self, *events):
        """Each event is (type, code, value); a SYN_REPORT follows the last. One write, as hardware reports them."""
        now = struct.pack("<qq", 0, 0)
        data = b"".join(now + struct.pack("<HHi", *event) for event in (*events, (EV_SYN, SYN_REPORT, 0)))
        os.write(self._file, data)

    def unplug(self):
        os.close(self._file)


class Touchscreen(InputDevice):
    """A multitouch panel of protocol B with 10 slots; positions are fractions of its width and height, 0…1."""

    def __init__(self, name="Otsenka bench panel", width=4096, height=4096, **more):
        self.size = (width, height)
        self._next_id = 1
        self._down = set()
        axes = {
            ABS_X: (0, width - 1, 10),
            ABS_Y: (0, height - 1, 10),
            ABS_MT_SLOT: (0, 9, 0),
            ABS_MT_TRACKING_ID: (0, 65535, 0),
            ABS_MT_POSITION_X: (0, width - 1, 10),
            ABS_MT_POSITION_Y: (0, height - 1, 10),
        }
        super().__init__(name, keys=[BTN_TOUCH], axes=axes, properties=[INPUT_PROP_DIRECT], **more)

    def _units(self, x, y):
        return [min(int(part * size), size - 1) for part, size in zip((x, y), self.size)]

    def down(self, x, y, slot=0):
        ux, uy = self._units(x, y)
        events = [
            (EV_ABS, ABS_MT_SLOT, slot),
            (EV_ABS, ABS_MT_TRACKING_ID, self._next_id),
            (EV_ABS, ABS_MT_POSITION_X, ux),
            (EV_ABS, ABS_MT_POSITION_Y, uy),
        ]
        if not self._down:
            events += [(EV_KEY, BTN_TOUCH, 1), (EV_ABS, ABS_X, ux), (EV_ABS, ABS_Y, uy)]
        self._next_id += 1
        self._down.add(slot)
        self.send(*events)

    def move(self, x, y, slot=0):
        ux, uy = self._units(x, y)
        self.send((EV_ABS, ABS_MT_SLOT, slot), (EV_ABS, ABS_MT_POSITION_X, ux), (EV_ABS, ABS_MT_POSITION_Y, uy))

    def up(self, slot=0):
        events = [(EV_ABS, ABS_MT_SLOT, slot), (EV_ABS, ABS_MT_TRACKING_ID, -1)]
        self._down.discard(slot)
        if not self._down:
            events.append((EV_KEY, BTN_TOUCH, 0))
        self.send(*events)

    def tap(self, x, y, seconds=0.05):
        self.down(x, y)
        time.sleep(seconds)
        self.up()


class Keys(InputDevice):
    """Buttons or a keyboard with the given key codes."""

    def __init__(self, codes, name="Otsenka bench keys", **more):
        super().__init__(name, keys=codes, **more)

    def press(self, code):
        self.send((EV_KEY, code, 1))
        self.send((EV_KEY, code, 0))


def readable_events(node_file):
    """The (type, code, value) that wait in an open evdev node."""
    events = []
    while select.select([node_file], [], [], 0)[0]:
        for _, _, *event in struct.iter_unpack("<qqHHi", os.read(node_file, 24 * 64)):
            events.append(tuple(event))
    return events


# Screens


class Picture:
    def __init__(self, width, height, rows):
        """`rows` are bytes of R, G, B for each pixel."""
        self.width, self.height, self.rows = width, height, rows

    def __eq__(self, other):
        """Never equal to None, which is what a screen that is off shows."""
        return isinstance(other, Picture) and (self.width, self.height, self.rows) == (
            other.width, other.height, other.rows)

    def pixel(self, x, y):
        """RRGGBB in hexadecimal."""
        return self.rows[y][x * 3 : x * 3 + 3].hex()

    def save(self, name):
        """As a PNG in OUT, for a person who wants to see what went wrong."""

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + row for row in self.rows), 1)
        with open(os.path.join(OUT, name), "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def png_picture(path):
    """A PNG of 8 bits in RGB or RGBA, not interlaced, as Cairo writes it; alpha is dropped."""
    with open(path, "rb") as file:
        data = file.read()
    width, height, depth, kind = struct.unpack_from(">IIBB", data, 16)
    if depth != 8 or kind not in (2, 6):
        fail(f"{path} has depth {depth} and colour type {kind}")
    packed, place = b"", 8
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if name == b"IDAT":
            packed += data[place + 8 : place + 8 + length]
        place += length + 12
    unpacked, size = zlib.decompress(packed), 3 if kind == 2 else 4
    rows, above, known = [], bytes(width * size), {}
    for start in range(0, len(unpacked), width * size + 1):
        # Most rows of a screen are like another one.
        line = (above, unpacked[start : start + width * size + 1])
        if line not in known:
            known[line] = _unfiltered(*line, size)
        above = known[line]
        row = bytearray(width * 3)
        for channel in range(3):
            row[channel::3] = above[channel::size]
        rows.append(bytes(row))
    return Picture(width, height, rows)


def _unfiltered(above, line, size):
    """A row of a PNG: `line` is the filter's number and the filtered bytes."""
    kind, row = line[0], bytearray(line[1:])
    # One loop for each kind: a picture has millions of bytes, and this is most of what a scenario computes.
    if kind == 1:
        for index in range(size, len(row)):
            row[index] = row[index] + row[index - size] & 255
    elif kind == 2:
        return bytes([one + up & 255 for one, up in zip(row, above)])
    elif kind == 3:
        for index, up in enumerate(above):
            left = row[index - size] if index >= size else 0
            row[index] = row[index] + (left + up) // 2 & 255
    elif kind == 4:
        for index, up in enumerate(above):
            left, corner = (row[index - size], above[index - size]) if index >= size else (0, 0)
            far_left, far_up, far_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            if far_left <= far_up and far_left <= far_corner:
                up = left
            elif far_up > far_corner:
                up = corner
            row[index] = row[index] + up & 255
    return bytes(row)


def difference(one, other, top=0):
    """The rectangle (left, top, right, bottom) outside of which two pictures of one size are equal below `top`."""
    rows = [y for y in range(top, one.height) if one.rows[y] != other.rows[y]]
    pixels = range(0, one.width * 3, 3)
    columns = {x // 3 for y in rows for x in pixels if one.rows[y][x : x + 3] != other.rows[y][x : x + 3]}
    if not rows:
        fail("the two pictures are equal")
    return min(columns), rows[0], max(columns) + 1, rows[-1] + 1


def _rows_of_bytes(memory, start, stride, width, height, places=(2, 1, 0)):
    """`places` says where red, green and blue are among the four bytes of a pixel."""
    rows = []
    for y in range(height):
        line = memory[start + y * stride : start + y * stride + width * 4]
        row = bytearray(width * 3)
        for channel, place in enumerate(places):
            row[channel::3] = line[place::4]
        rows.append(bytes(row))
    return rows


def crtc_picture(card="/dev/dri/card0"):
    """What the first active CRTC of a card shows, read from the buffer that the kernel scans out; None without one."""
    file = os.open(card, os.O_RDWR | os.O_CLOEXEC)
    try:
        # Whoever opens a card first becomes its master; this must never keep the program under test from it.
        with contextlib.suppress(OSError):
            fcntl.ioctl(file, _ioctl_number(0, "d", 0x1F, 0))
        crtcs = (ctypes.c_uint32 * 16)()
        resources = bytearray(struct.pack("<4Q8I", 0, ctypes.addressof(crtcs), 0, 0, 0, 16, 0, 0, 0, 0, 0, 0))
        fcntl.ioctl(file, _ioctl_number(3, "d", 0xA0, 64), resources)
        for crtc in crtcs[: struct.unpack_from("<4Q8I", resources)[5]]:
            answer = bytearray(104)
            struct.pack_into("<QII", answer, 0, 0, 0, crtc)
            fcntl.ioctl(file, _ioctl_number(3, "d", 0xA1, 104), answer)
            buffer = struct.unpack_from("<I", answer, 16)[0]
            is_active = struct.unpack_from("<I", answer, 32)[0]
            if is_active and buffer:
                return _buffer_picture(file, buffer)
        return None
    finally:
        os.close(file)


def _buffer_picture(file, buffer):
    answer = bytearray(104)
    struct.pack_into("<I", answer, 0, buffer)
    fcntl.ioctl(file, _ioctl_number(3, "d", 0xCE, 104), answer)
    _, width, height, pixel_format, _ = struct.unpack_from("<5I", answer)
    handle = struct.unpack_from("<I", answer, 20)[0]
    stride = struct.unpack_from("<I", answer, 36)[0]
    if pixel_format not in (0x34325258, 0x34325241):  # XR24, AR24
        fail(f"the CRTC shows format {pixel_format:#x}, not XRGB8888")
    place = bytearray(struct.pack("<IIQ", handle, 0, 0))
    fcntl.ioctl(file, _ioctl_number(3, "d", 0xB3, 16), place)
    offset = struct.unpack("<IIQ", place)[2]
    with mmap.mmap(file, stride * height, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset) as memory:
        rows = _rows_of_bytes(memory, 0, stride, width, height)
    fcntl.ioctl(file, _ioctl_number(1, "d", 0x09, 8), struct.pack("<II", handle, 0))
    return Picture(width, height, rows)


def framebuffer_picture(path="/dev/fb0"):
    """What a framebuffer device shows, whatever its layout of 16 or 32 bits."""
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        variable, fixed = bytearray(160), bytearray(80)
        fcntl.ioctl(file, 0x4600, variable)
        fcntl.ioctl(file, 0x4602, fixed)
        width, height, _, _, left, top, bits, _ = struct.unpack_from("<8I", variable)
        fields = [struct.unpack_from("<II", variable, 32 + 12 * i) for i in range(3)]
        byte_count = struct.unpack_from("<I", fixed, 24)[0]
        stride = struct.unpack_from("<I", fixed, 48)[0]
        with mmap.mmap(file, byte_count, mmap.MAP_SHARED, mmap.PROT_READ) as memory:
            start = top * stride + left * bits // 8
            if bits == 32 and all(length == 8 and offset % 8 == 0 for offset, length in fields):
                places = [offset // 8 for offset, _ in fields]
                return Picture(width, height, _rows_of_bytes(memory, start, stride, width, height, places))
            rows = []
            for y in range(height):
                line = memory[start + y * stride : start + y * stride + width * bits // 8]
                row = bytearray(width * 3)
                for index, value in enumerate(array.array("I" if bits == 32 else "H", line)):
                    for channel, (offset, length) in enumerate(fields):
                        # Scaled so that full brightness is 255 in any layout.
                        level = value >> offset & (1 << length) - 1
                        row[index * 3 + channel] = level * 255 // ((1 << length) - 1)
                rows.append(bytes(row))
            return Picture(width, height, rows)
    finally:
        os.close(file)


# Programs


class Program:
    """A program that is spoken to in lines."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return self.line()

    def end(self):
        """Closes its input and returns its status."""
        self.process.stdin.close()
        return self.process.wait(timeout=10)
