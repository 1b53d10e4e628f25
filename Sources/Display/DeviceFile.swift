import Glibc

/// An open device file, closed when it goes.
struct DeviceFile: ~Copyable {
    let descriptor: Int32

    /// For reading and writing, without waiting; throws the errno of `open`.
    init(_ path: String, flags: Int32 = 0) throws(Failure) {
        var answer: Int32
        repeat {
            answer = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | flags)
        } while answer < 0 && errno == EINTR
        guard answer >= 0 else { throw Failure(code: SystemCode(errno)) }
        descriptor = answer
    }

    struct Failure: Error {
        let code: SystemCode
    }

    deinit {
        close(descriptor)
    }
}

/// Memory of a device in the address space of this program.
struct DeviceMemory: ~Copyable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    /// Throws the errno of `mmap`.
    init(of descriptor: Int32, offset: Int, byteCount: Int) throws(DeviceFile.Failure) {
        let answer = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(offset))
        guard let answer, answer != MAP_FAILED else { throw DeviceFile.Failure(code: SystemCode(errno)) }
        start = answer
        self.byteCount = byteCount
    }

    deinit {
        munmap(start, byteCount)
    }
}
