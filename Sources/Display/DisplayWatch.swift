import Glibc

/// Tells when a card or a framebuffer appears in /dev, goes, or gets its access rights (which udev sets a moment after
/// the file was made), so that a display that could not be opened is tried again at once.
///
/// Uses inotify, because it needs neither udev nor a network socket. It does not see connectors: for those call
/// `DisplayDevice.refresh` when udev reports the subsystem `drm`, and every second.
public final class DisplayWatch {
    /// Readable when `drain` has something to do.
    public let descriptor: Int32
    private let devices: DeviceFolder

    /// Throws `.failed` where the limit of inotify instances is used up.
    public convenience init() throws(DisplayError) {
        try self.init(DeviceFolder())
    }

    init(_ devices: DeviceFolder) throws(DisplayError) {
        self.devices = devices
        descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else {
            throw DisplayError(
                .failed, "folder \(devices.path)", "cannot be watched (\(SystemCode(errno)))",
                nextStep: "raise fs.inotify.max_user_instances with sysctl")
        }
        watchFolders()
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// To be called when `descriptor` is readable. True when opening the display again, or refreshing an open
    /// framebuffer, may have another result than before.
    public func drain() -> Bool {
        var isRelevant = false
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while true {
                let got = read(descriptor, buffer.baseAddress, buffer.count)
                guard got > 0 else { return }
                isRelevant = Self.namesDisplay(UnsafeRawBufferPointer(rebasing: buffer[..<got])) || isRelevant
            }
        }
        // The folder of the cards may be new.
        if isRelevant { watchFolders() }
        return isRelevant
    }

    /// Watching a folder twice is watching it once. It may not exist.
    private func watchFolders() {
        let mask = UInt32(IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MOVED_TO)
        for folder in [devices.path, devices.path + "/dri"] {
            inotify_add_watch(descriptor, folder, mask)
        }
    }

    /// Whether one of the events in the buffer (inotify(7): a fixed part, then a name padded with zeros) is about a
    /// file that a display may be behind.
    private static func namesDisplay(_ events: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        let fixed = MemoryLayout<inotify_event>.size
        while offset + fixed <= events.count {
            let event = events.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let end = offset + fixed + Int(event.len)
            guard end <= events.count else { return true }
            let name = events[offset + fixed..<end].prefix { $0 != 0 }
            // Without a name: the folder itself, or an overflow of the queue, after which anything may have happened.
            if name.isEmpty || ["dri", "card", "fb"].contains(where: { name.starts(with: $0.utf8) }) { return true }
            offset = end
        }
        return false
    }
}
