import Synchronization

/// How many connections each address has.
final class Addresses: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// Takes a place for one more connection; false when the address has its share.
    func enter(_ address: String, atMost limit: Int) -> Bool {
        counts.withLock { counts in
            let count = counts[address, default: 0]
            guard count < limit else { return false }
            counts[address] = count + 1
            return true
        }
    }

    func leave(_ address: String) {
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }
}
