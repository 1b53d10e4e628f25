import Glibc

/// A text stream to file descriptor 2.
struct StandardError: TextOutputStream {
    mutating func write(_ string: String) {
        var rest = string[...].utf8
        while !rest.isEmpty {
            let written = Array(rest).withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            // Nobody can be told that standard error is gone.
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
