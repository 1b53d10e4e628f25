import FoundationEssentials
import Glibc

/// What processes weigh, millions of bytes.
public enum ProcessMemory {
    /// The process's proportional share of the memory in use (proc(5), smaps_rollup): a page that n processes map counts
    /// as one n-th of it, whoever the others are.
    public static func proportional(_ process: pid_t) throws -> Double {
        let path = "/proc/\(process)/smaps_rollup"
        let text = (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
            let kibibytes = Double(line.filter(\.isNumber))
        else { throw ChildError("\(path) tells no PSS; the process has ended or the kernel lacks PROC_PAGE_MONITOR") }
        return kibibytes * 1024 / 1e6
    }

    /// The most that was resident so far, KiB (proc(5), VmHWM); nothing for a process that has ended.
    public static func peakKibibytes(_ process: pid_t) -> Int? {
        let line = whole("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }
    }

    /// Every page that one of the processes maps, counted once: what they would weigh if nobody else on the machine used
    /// the same libraries. Nothing without CAP_SYS_ADMIN, from which the kernel hides the frames' numbers
    /// (Documentation/admin-guide/mm/pagemap.rst).
    public static func distinct(_ processes: [pid_t]) -> Double? {
        var frames: Set<UInt64> = []
        for process in processes { frames.formUnion(self.frames(of: process)) }
        return frames.isEmpty ? nil : Double(frames.count * Int(getpagesize())) / 1e6
    }

    private static func frames(of process: pid_t) -> Set<UInt64> {
        let page = UInt64(getpagesize())
        let maps = whole("/proc/\(process)/maps")
        let descriptor = open("/proc/\(process)/pagemap", O_RDONLY)
        defer { close(descriptor) }
        var frames: Set<UInt64> = []
        for line in maps.split(separator: "\n") {
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            // The kernel's own pages ([vdso], [vsyscall]) are in every process.
            guard bounds.count == 2, !line.contains("[v") else { continue }
            var entries = [UInt64](repeating: 0, count: Int((bounds[1] - bounds[0]) / page))
            let size = entries.count * 8
            guard pread(descriptor, &entries, size, off_t(bounds[0] / page * 8)) == size else { continue }
            for entry in entries where entry >> 63 == 1 {
                let frame = entry & (1 << 55 - 1)
                if frame != 0 { frames.insert(frame) }
            }
        }
        return frames
    }

    /// Foundation reads a file of /proc, whose size is told as 0, only to the end of its first page.
    private static func whole(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
