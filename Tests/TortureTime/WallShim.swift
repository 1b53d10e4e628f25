import FoundationEssentials
import Glibc
import RealPrograms

/// A wall clock that the torture sets while programs read it: a library for LD_PRELOAD, and a file with how far the clock
/// is ahead. CLOCK_BOOTTIME and CLOCK_MONOTONIC stay the kernel's; time namespaces move those.
///
/// Not Debian's faketime: it also stands between a program and its waits, which a step must not lengthen.
final class WallShim {
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static const volatile int64_t *ahead;
        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("OTSENKA_TORTURE_WALL");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *page = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
            close(file);
            if (page != MAP_FAILED) ahead = page;
        }
        int clock_gettime(clockid_t clock, struct timespec *now) {
            int result = syscall(SYS_clock_gettime, clock, now);
            if (result || !ahead || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
            int64_t off = *ahead, seconds = off / 1000, rest = off % 1000;
            now->tv_sec += seconds;
            now->tv_nsec += rest * 1000000;
            if (now->tv_nsec < 0) { now->tv_nsec += 1000000000; now->tv_sec--; }
            if (now->tv_nsec >= 1000000000) { now->tv_nsec -= 1000000000; now->tv_sec++; }
            return 0;
        }
        int gettimeofday(struct timeval *now, void *zone) {
            struct timespec fine;
            (void)zone;
            if (clock_gettime(CLOCK_REALTIME, &fine)) return -1;
            now->tv_sec = fine.tv_sec;
            now->tv_usec = fine.tv_nsec / 1000;
            return 0;
        }
        time_t time(time_t *seconds) {
            struct timespec now;
            if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
            if (seconds) *seconds = now.tv_sec;
            return now.tv_sec;
        }

        """

    private let library: String
    private let file: String

    /// Compiles the library in the place's folder; `name` tells the clocks of several kiosks apart.
    init(_ name: String, at place: Place) throws {
        library = place.folder + "/wall.so"
        file = place.folder + "/\(name).wall"
        if access(library, R_OK) != 0 {
            let source = place.folder + "/wall.c"
            try Data(Self.source.utf8).write(to: URL(filePath: source))
            _ = try Child.output(
                ["cc", "-shared", "-fPIC", "-O1", "-o", library, source], log: place.folder + "/wall.log")
        }
        try Data(repeating: 0, count: 8).write(to: URL(filePath: file))
    }

    /// Beside what is loaded anyway: under `make sanitize` that is what tells ThreadSanitizer of mutexes.
    var environment: [String: String] {
        let loaded = [library, ProcessInfo.processInfo.environment["LD_PRELOAD"] ?? ""].filter { !$0.isEmpty }
        return ["LD_PRELOAD": loaded.joined(separator: ":"), "OTSENKA_TORTURE_WALL": file]
    }

    /// How far the programs' wall clock is ahead of the true one, milliseconds.
    var ahead: Int64 = 0 {
        didSet {
            let descriptor = open(file, O_WRONLY)
            _ = withUnsafeBytes(of: ahead) { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            close(descriptor)
        }
    }

    /// The true time, milliseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
