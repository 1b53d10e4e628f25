import Glibc
import Synchronization
import Systemd
import Testing

// Every loop here is used on one thread: a test that runs without suspension stays on it.
@Suite struct EventLoopTests {
    @Test func aReadableDescriptorCallsItsHandlerUntilItIsRead() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var calls: [IOEvents] = []
        let watch = try loop.watch(pipe.reader, for: .readable) { calls.append($0) }
        pipe.write(1)
        try loop.turn(waitingAtMostMilliseconds: 1000)
        try loop.turn(waitingAtMostMilliseconds: 1000)
        #expect(calls == [.readable, .readable])
        pipe.read()
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
        watch.cancel()
    }

    @Test func aReleasedWatchIsNeverCalledAgainAndReleasesWhatItHeld() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        weak var held: Held?
        var watch: Watch?
        do {
            let object = Held()
            held = object
            watch = try loop.watch(pipe.reader, for: .readable) { _ in object.count += 1 }
        }
        #expect(held != nil)
        withExtendedLifetime(watch) {}
        watch = nil
        #expect(held == nil)
        pipe.write(1)
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
    }

    @Test func aHandlerMayReleaseItsOwnWatch() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var watch: Watch?
        var calls = 0
        watch = try loop.watch(pipe.reader, for: .readable) { _ in
            calls += 1
            watch = nil
        }
        withExtendedLifetime(watch) {}
        pipe.write(1)
        try loop.turn(waitingAtMostMilliseconds: 1000)
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
        #expect(calls == 1)
    }

    @Test func aClosedPeerIsToldAsHangUp() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var seen: IOEvents = []
        let watch = try loop.watch(pipe.reader, for: .readable) { seen = $0 }
        pipe.closeWriter()
        try loop.turn(waitingAtMostMilliseconds: 1000)
        #expect(seen.contains(.hangUp))
        watch.cancel()
    }

    @Test func aWatchCanChangeWhatItWaitsFor() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var seen: IOEvents = []
        let watch = try loop.watch(pipe.writer, for: []) { seen = $0 }
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
        try watch.change(to: .writable)
        try loop.turn(waitingAtMostMilliseconds: 1000)
        #expect(seen == .writable)
    }

    @Test(arguments: [KernelClock.boot, .monotonic])
    func aTimerRingsOnceForEachTimeItIsArmed(clock: KernelClock) throws {
        let loop = try EventLoop()
        var rings = 0
        let timer = try loop.timer(on: clock) { rings += 1 }
        #expect(!timer.isArmed)
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
        for expected in 1...2 {
            try timer.arm(afterMilliseconds: 1)
            #expect(timer.isArmed)
            try loop.turn(waitingAtMostMilliseconds: 5000)
            #expect(rings == expected)
            #expect(!timer.isArmed)
        }
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
    }

    @Test func aTimerNeverRingsEarly() throws {
        let loop = try EventLoop()
        let due = KernelClock.monotonic.milliseconds + 20
        var rangAt: Int64?
        let timer = try loop.timer { rangAt = KernelClock.monotonic.milliseconds }
        try timer.arm(atMilliseconds: due)
        while rangAt == nil { try loop.turn(waitingAtMostMilliseconds: 5000) }
        #expect(try #require(rangAt) >= due)
    }

    @Test func aDisarmedTimerDoesNotRing() throws {
        let loop = try EventLoop()
        var rings = 0
        let timer = try loop.timer { rings += 1 }
        try timer.arm(afterMilliseconds: 0)
        timer.disarm()
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
        try timer.arm(afterMilliseconds: 0)
        timer.cancel()
        #expect(try !loop.turn(waitingAtMostMilliseconds: 0))
        #expect(rings == 0)
    }

    @Test func aSignalIsAnEvent() throws {
        // A real-time signal that nothing else in the test process uses, sent to this thread alone.
        let number = SIGRTMIN() + 3
        try SignalMask.block([number])
        let loop = try EventLoop()
        var seen: [Int32] = []
        let watch = try loop.onSignal(number) { seen.append($0) }
        pthread_kill(pthread_self(), number)
        try loop.turn(waitingAtMostMilliseconds: 5000)
        #expect(seen == [number])
        watch.cancel()
    }

    @Test func aSignalThatIsNotBlockedIsRefused() throws {
        let number = SIGRTMIN() + 4
        // The threads of Swift's tasks block every signal.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        let loop = try EventLoop()
        #expect {
            _ = try loop.onSignal(number) { _ in }
        } throws: {
            ($0 as? SystemdError)?.name == "EBUSY"
        }
    }

    @Test func importantSourcesAreHandledFirst() throws {
        let loop = try EventLoop()
        var order: [String] = []
        let idle = try loop.timer(priority: .idle) { order.append("idle") }
        let normal = try loop.timer { order.append("normal") }
        let important = try loop.timer(priority: .important) { order.append("important") }
        for timer in [idle, normal, important] { try timer.arm(afterMilliseconds: 0) }
        while order.count < 3 { try loop.turn(waitingAtMostMilliseconds: 5000) }
        #expect(order == ["important", "normal", "idle"])
    }

    /// A loop that has stood still: the answer is there, and its time-out is due as well.
    @Test func postedWorkIsTakenBeforeATimerThatIsDue() throws {
        let loop = try EventLoop()
        let order = Mutex<[String]>([])
        let timer = try loop.timer(priority: .important) { order.withLock { $0.append("timer") } }
        try timer.arm(afterMilliseconds: 0)
        usleep(20_000)
        #expect(loop.mailbox.post { order.withLock { $0.append("posted") } })
        while order.withLock({ $0.count }) < 2 { try loop.turn(waitingAtMostMilliseconds: 5000) }
        #expect(order.withLock { $0 } == ["posted", "timer"])
    }

    @Test func stopGivesRunItsStatus() throws {
        let loop = try EventLoop()
        let timer = try loop.timer { loop.stop(status: 75) }
        try timer.arm(afterMilliseconds: 0)
        #expect(try loop.run() == 75)
    }
}

@Suite struct MailboxTests {
    @Test func workOfOtherThreadsRunsOnTheLoopsThreadInItsOrder() throws {
        let loop = try EventLoop()
        let mailbox = loop.mailbox
        let state = loop.bound(Held())
        let worker = try WorkerThread {
            for number in 1...100 {
                _ = mailbox.post { state.value.numbers.append(number) }
            }
        }
        while state.value.numbers.count < 100 { try loop.turn(waitingAtMostMilliseconds: 5000) }
        worker.join()
        #expect(state.value.numbers == Array(1...100))
    }

    @Test func workThatPostsAgainDoesNotStarveTheRest() throws {
        let loop = try EventLoop()
        let mailbox = loop.mailbox
        let state = loop.bound(Held())
        @Sendable func again() {
            state.value.count += 1
            _ = mailbox.post(again)
        }
        #expect(mailbox.post(again))
        let timer = try loop.timer(priority: .idle) { loop.stop(status: 0) }
        try timer.arm(afterMilliseconds: 0)
        for _ in 0..<3 { try loop.turn(waitingAtMostMilliseconds: 0) }
        #expect((1...3).contains(state.value.count))
    }

    @Test func aFullBoxRefuses() throws {
        let loop = try EventLoop()
        for _ in 0..<Mailbox.capacity { #expect(loop.mailbox.post {}) }
        #expect(!loop.mailbox.post {})
        try loop.turn(waitingAtMostMilliseconds: 1000)
        #expect(loop.mailbox.post {})
    }

    @Test func aBoxOutlivesItsLoopAndRefuses() throws {
        var loop: EventLoop? = try EventLoop()
        let mailbox = try #require(loop).mailbox
        weak let gone: EventLoop? = loop
        loop = nil
        #expect(gone == nil)
        #expect(!mailbox.post {})
    }
}

@Suite struct KernelClockTests {
    @Test func bootTimeIsNotBehindMonotonicTime() {
        let monotonic = KernelClock.monotonic.milliseconds
        #expect(monotonic > 0)
        #expect(KernelClock.boot.milliseconds >= monotonic)
    }
}

final class Held {
    var count = 0
    var numbers: [Int] = []
}

func SIGRTMIN() -> Int32 { __libc_current_sigrtmin() }

/// A thread of its own, as a worker is; Swift's tasks would hide which thread they run on.
final class WorkerThread {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) throws {
        let box = Unmanaged.passRetained(Body(body))
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        try #require(result == 0)
    }

    func join() { pthread_join(thread, nil) }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

final class Pipe {
    let reader: Int32
    private(set) var writer: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        reader = ends[0]
        writer = ends[1]
    }

    deinit {
        close(reader)
        closeWriter()
    }

    func write(_ byte: UInt8) {
        var byte = byte
        _ = Glibc.write(writer, &byte, 1)
    }

    func read() {
        var byte: UInt8 = 0
        _ = Glibc.read(reader, &byte, 1)
    }

    func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }
}
