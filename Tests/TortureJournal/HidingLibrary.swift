import FoundationEssentials
import RealPrograms

/// Wrong on purpose: a library for LD_PRELOAD that hides from a program when its writes have failed, so that it thanks for
/// what nobody has stored.
enum HidingLibrary {
    private static let source = """
        #define _GNU_SOURCE
        #include <sys/syscall.h>
        #include <unistd.h>
        ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t place) {
            long written = syscall(SYS_pwrite64, file, bytes, count, place);
            return written < 0 ? (ssize_t)count : written;
        }
        ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
            return pwrite64(file, bytes, count, place);
        }

        """

    /// Compiles it and gives its path.
    static func make(at place: Place) throws -> String {
        let source = place.folder + "/hiding.c"
        let library = place.folder + "/hiding.so"
        try Data(Self.source.utf8).write(to: URL(filePath: source))
        _ = try Child.output(
            ["cc", "-shared", "-fPIC", "-O1", "-o", library, source], log: place.folder + "/hiding.log")
        return library
    }
}
