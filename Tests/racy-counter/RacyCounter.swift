import ArgumentParser
import Dispatch
import Glibc
import RealPrograms
import Synchronization
import Systemd

/// Proves for `make sanitize` that ThreadSanitizer sees: two threads add to one number, on each kind of thread that the
/// product has, without a guard (a race, which must be reported) or behind the guard that the product uses there (which
/// must not).
@main
struct RacyCounter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "racy-counter", abstract: "A data race on purpose, for make sanitize.")

    enum Way: String, ExpressibleByArgument, CaseIterable {
        /// A thread of its own; guard: `Mutex`.
        case thread
        /// Threads that wait for one another all the time; guard: a `Mutex` that is mostly taken.
        case contended
        /// Dispatch, as in the journal's worker; guard: its serial queue.
        case queue
        /// Swift's tasks, as in the collector; guard: an actor.
        case task
        /// The kiosk's event loop; guard: its mailbox.
        case loop
        /// `thread` in a program that this one starts: its report is found as well.
        case child
    }

    @Argument(help: "thread, contended, queue, task, loop or child.") var way: Way
    @Flag(help: "Behind the guard of that way.") var guarded = false

    func run() throws {
        switch way {
        case .thread: guarded ? lockedThread() : race { body in Thread.start(body) }
        case .contended: contend()
        case .queue: guarded ? serialQueue() : race { body in DispatchQueue.global().async(execute: body) }
        case .task: guarded ? actor() : race { body in Task.detached { body() } }
        case .loop: guarded ? loop() : race { body in LoopThread().post(body) }
        case .child:
            let words = [CommandLine.arguments[0], "thread"] + (guarded ? ["--guarded"] : [])
            if let status = try Child(words, log: "/dev/null").wait(), status == 0 { return }
            // ThreadSanitizer's status for a program with reports.
            throw ExitCode(66)
        }
    }

    /// This thread and the one that `start` gives its work to meet, and then both add, in no order.
    private func race(_ start: (@escaping @Sendable () -> Void) -> Void) {
        let tally = Tally()
        let (here, there, done) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        start {
            there.signal()
            here.wait()
            tally.count += 1
            done.signal()
        }
        here.signal()
        there.wait()
        tally.count += 1
        done.wait()
    }

    private func lockedThread() {
        let tally = Tally()
        let lock = Mutex(())
        inTwoPlaces { done in
            Thread.start {
                lock.withLock { _ in tally.count += 1 }
                done()
            }
        }
    }

    /// Each thread is inside the lock for longer than outside, so that the others find it taken, and give it up while others
    /// wait: the ways through `Mutex` that `lockedThread` hardly ever goes.
    private func contend() {
        let tally = Tally()
        let lock = Mutex(())
        let done = DispatchSemaphore(value: 0)
        for _ in 1...4 {
            Thread.start {
                for _ in 1...2000 {
                    if guarded { lock.withLock { _ in tally.addSlowly() } } else { tally.addSlowly() }
                }
                done.signal()
            }
        }
        for _ in 1...4 { done.wait() }
    }

    private func serialQueue() {
        let tally = Tally()
        let queue = DispatchQueue(label: "guard")
        inTwoPlaces { done in
            DispatchQueue.global().async {
                queue.sync { tally.count += 1 }
                done()
            }
        }
    }

    private func actor() {
        let account = Account()
        inTwoPlaces { done in
            Task.detached {
                await account.add()
                done()
            }
        }
    }

    private func loop() {
        let tally = Tally()
        let thread = LoopThread()
        inTwoPlaces { done in
            Thread.start {
                thread.post {
                    tally.count += 1
                    done()
                }
            }
        }
    }

    private func inTwoPlaces(_ start: (@escaping @Sendable () -> Void) -> Void) {
        let done = DispatchSemaphore(value: 0)
        for _ in 1...2 { start { done.signal() } }
        for _ in 1...2 { done.wait() }
    }
}

/// `@unchecked Sendable` is the lie that ThreadSanitizer is there to find.
private final class Tally: @unchecked Sendable {
    var count = 0

    func addSlowly() {
        for _ in 1...100 { count += 1 }
    }
}

private actor Account {
    private var count = 0
    func add() { count += 1 }
}

/// A thread of the system's.
private enum Thread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        precondition(code == 0, "no thread could be started (errno \(code))")
        pthread_detach(thread)
    }
}

/// An event loop on a thread that runs as long as the program.
private final class LoopThread: Sendable {
    private let mailbox = Mutex<Mailbox?>(nil)

    init() {
        let ready = DispatchSemaphore(value: 0)
        Thread.start { [self] in
            do {
                let loop = try EventLoop()
                mailbox.withLock { $0 = loop.mailbox }
                ready.signal()
                _ = try loop.run()
            } catch { preconditionFailure("an event loop needs epoll: \(error)") }
        }
        ready.wait()
    }

    func post(_ body: @escaping @Sendable () -> Void) {
        let isTaken = mailbox.withLock { $0?.post(body) } ?? false
        precondition(isTaken, "an empty mailbox takes work")
    }
}
