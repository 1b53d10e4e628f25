import Glibc

/// An open device file, closed when it goes.
struct DeviceFile: ~Copyable {
    let descriptor: Int32

    /// Opens for reading and writing, without waiting. `thing` and `group` (who may open such a file) are for the error.
    init(_ path: String, flags: Int32 = 0, thing: String, group: String) throws(DisplayError) {
        var answer: Int32
        repeat {
            answer = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | flags)
        } while answer < 0 && errno == EINTR
        guard answer >= 0 else { throw .opening(thing, group: group, SystemCode(errno)) }
        descriptor = answer
    }

    deinit {
        close(descriptor)
    }
}

/// Memory of a device in the address space of this program.
struct DeviceMemory: ~Copyable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    init(of descriptor: Int32, offset: Int, byteCount: Int, thing: String) throws(DisplayError) {
        let answer = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(offset))
        guard let answer, answer != MAP_FAILED else {
            throw .request(thing, "share its memory", SystemCode(errno))
        }
        start = answer
        self.byteCount = byteCount
    }

    deinit {
        munmap(start, byteCount)
    }
}
