import Foundation
import RealPrograms
import Torture

extension Trial {
    /// Waits for a condition; throws when for so long, two minutes if nothing else is said, nothing comes of it. `count`
    /// says how far it is.
    func wait(
        for what: String, row: Tried? = nil, seconds: Int = 120, count: (() -> Int)? = nil,
        _ isThere: () throws -> Bool
    ) throws {
        var end = ContinuousClock.now + .seconds(seconds)
        var last = -1
        while try !isThere() {
            if let now = count?() {
                if now != last { end = .now + .seconds(seconds) }
                last = now
                if var row {
                    row.tries = now
                    // Where each try is a fault.
                    if row.faults == 0 { row.faults = now }
                    progress.tell(row, of: tries)
                }
            }
            guard ContinuousClock.now < end else { throw ChildError("\(what): nothing came of it for \(seconds) s") }
            usleep(20_000)
        }
    }
}

/// What a process of ours weighs, bytes; 0 for one that has ended.
enum Memory {
    static func resident(_ process: pid_t) -> Int { field("VmRSS:", process) }
    static func peak(_ process: pid_t) -> Int { field("VmHWM:", process) }

    /// The peak begins anew (proc(5), clear_refs).
    static func forgetPeak(_ process: pid_t) {
        let file = open("/proc/\(process)/clear_refs", O_WRONLY)
        _ = write(file, "5", 1)
        close(file)
    }

    private static func field(_ name: String, _ process: pid_t) -> Int {
        let text = (try? String(contentsOf: URL(filePath: "/proc/\(process)/status"), encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
    }
}
