import Glibc

/// The bytes of an IPv4 (4) or IPv6 (16) address, or nothing if the text is not one.
func addressBytes(_ text: String) -> [UInt8]? {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
        var bytes = [UInt8](repeating: 0, count: count)
        if inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
}

/// Whether a host is this machine and nothing else: `localhost`, 127.0.0.0/8 or ::1.
public func isLoopback(_ host: String) -> Bool {
    if host.lowercased() == "localhost" { return true }
    guard let bytes = addressBytes(host) else { return false }
    return bytes.count == 4 ? bytes[0] == 127 : bytes == Array(repeating: 0, count: 15) + [1]
}
