import CSystemd
import Glibc
import Synchronization

/// Work that other threads leave for a loop. The only part of a loop that may be used anywhere.
///
/// It is taken before every other source: a loop that has stood still hears what is done before a timer says that it was not.
public final class Mailbox: Sendable {
    /// How much work may wait. A program has a handful of workers with one thing in flight each, so a full box means a
    /// loop that stands still.
    public static let capacity = 1024

    private struct Contents {
        var work: [@Sendable () -> Void] = []
        var isOpen = true
    }

    let descriptor: Int32
    private let contents = Mutex(Contents())

    init() throws(SystemdError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw SystemdError("eventfd", code: errno) }
    }

    deinit { Glibc.close(descriptor) }

    /// Runs `work` on the loop's thread, after all work posted before it. False if the box is full or the loop is gone:
    /// the work is then dropped.
    public func post(_ work: @escaping @Sendable () -> Void) -> Bool {
        let accepted = contents.withLock { contents in
            guard contents.isOpen, contents.work.count < Self.capacity else { return false }
            contents.work.append(work)
            return true
        }
        if accepted { wake() }
        return accepted
    }

    /// Runs what has been posted until now. Work that posts again is taken in the next round, so nobody starves.
    func drain() {
        var count: UInt64 = 0
        // Nothing to read means that an earlier round has taken the work.
        _ = read(descriptor, &count, 8)
        let work = contents.withLock { contents in
            let taken = contents.work
            contents.work = []
            return taken
        }
        for item in work { item() }
    }

    func close() {
        // Released outside the lock: a closure may own something that posts as it goes.
        let dropped = contents.withLock { contents in
            contents.isOpen = false
            let dropped = contents.work
            contents.work = []
            return dropped
        }
        _ = dropped
    }

    private func wake() {
        var one: UInt64 = 1
        // EAGAIN means that the counter is at its limit: the loop is being woken already.
        while write(descriptor, &one, 8) < 0, errno == EINTR {}
    }
}
