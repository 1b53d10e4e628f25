import Glibc
import SeededRandom

/// A disk that remembers what has not been synchronised yet, so that a crash can lose, reorder or tear it.
///
/// A file keeps what the last fsync made durable and the writes since; the directory keeps its entries in the same way,
/// its changes in order, as a file system with a journal does (ext4, `reliability.md` §4). Nothing else makes anything
/// durable: an fsync of a new file does not save its name.
struct ModelDisk {
    enum Loss: CaseIterable {
        /// Nothing is lost: a killed process.
        case nothing
        /// Whatever was not synchronised.
        case everything
        /// Random pages of 4096 bytes.
        case pages
        /// Random sectors of 512 bytes, so that later ones may be there and earlier ones not.
        case sectors
        /// The newest write is there in part.
        case tear
    }

    private enum Change {
        case write(offset: Int, bytes: [UInt8])
        case resize(Int)
        case allocate(Int)
    }

    private struct File {
        var synchronised: [UInt8] = []
        var changes: [Change] = []
    }

    private enum Renaming {
        case link(String, file: Int)
        case unlink(String)
        case rename(String, String)
    }

    private var files: [File] = []
    private var names: [String: Int] = [:]
    private var durableNames: [String: Int] = [:]
    private var renamings: [Renaming] = []

    mutating func take(_ call: TracedCall) {
        switch call {
        case .create(let name):
            files.append(File())
            apply(.link(name, file: files.count - 1))
        case .write(let name, let offset, let bytes): add(.write(offset: offset, bytes: bytes), to: name)
        case .resize(let name, let size): add(.resize(size), to: name)
        case .allocate(let name, let size): add(.allocate(size), to: name)
        case .synchronise(let name):
            guard let file = names[name] else { return }
            for change in files[file].changes { Self.apply(change, to: &files[file].synchronised) }
            files[file].changes = []
        case .synchroniseDirectory:
            durableNames = names
            renamings = []
        case .rename(let old, let new): apply(.rename(old, new))
        case .unlink(let name): apply(.unlink(name))
        case .say: break
        }
    }

    private mutating func add(_ change: Change, to name: String) {
        if let file = names[name] { files[file].changes.append(change) }
    }

    private mutating func apply(_ renaming: Renaming) {
        Self.apply(renaming, to: &names)
        renamings.append(renaming)
    }

    private static func apply(_ renaming: Renaming, to names: inout [String: Int]) {
        switch renaming {
        case .link(let name, let file): names[name] = file
        case .unlink(let name): names[name] = nil
        case .rename(let old, let new): names[new] = names.removeValue(forKey: old)
        }
    }

    /// What is on the disk after a crash, and whether anything was lost.
    func crash(_ loss: Loss, _ random: inout SplitMix) -> (files: [String: [UInt8]], lost: Bool) {
        var lost = false
        var names = durableNames
        let kept = keptRenamings(loss, &random)
        for renaming in renamings.prefix(kept) { Self.apply(renaming, to: &names) }
        if kept < renamings.count { lost = true }
        let newest = files.indices.last { index in
            files[index].changes.contains { if case .write = $0 { true } else { false } }
        }
        let share = [1, 5, 9][Int(random.next() % 3)] as UInt64
        var result: [String: [UInt8]] = [:]
        for (name, index) in names.sorted(by: { $0.key < $1.key }) {
            var bytes = files[index].synchronised
            for (place, change) in files[index].changes.enumerated() {
                switch loss {
                case .nothing: Self.apply(change, to: &bytes)
                case .everything: lost = true
                case .pages: lost = Self.apply(change, to: &bytes, each: 4096, share, &random) || lost
                case .sectors: lost = Self.apply(change, to: &bytes, each: 512, share, &random) || lost
                case .tear:
                    let isNewest = index == newest && place == files[index].changes.count - 1
                    lost = Self.tear(change, isNewest, &bytes, &random) || lost
                }
            }
            result[name] = bytes
        }
        return (result, lost)
    }

    private func keptRenamings(_ loss: Loss, _ random: inout SplitMix) -> Int {
        switch loss {
        case .nothing, .tear: renamings.count
        case .everything: 0
        case .pages, .sectors: Int(random.next() % UInt64(renamings.count + 1))
        }
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .write(let offset, let written): put(written[...], at: offset, &bytes)
        case .resize(let size):
            if size < bytes.count {
                bytes.removeLast(bytes.count - size)
            } else {
                grow(&bytes, to: size)
            }
        case .allocate(let size): grow(&bytes, to: size)
        }
    }

    /// Applies the change unit by unit, each with so many chances out of ten; true when one was lost.
    private static func apply(
        _ change: Change, to bytes: inout [UInt8], each unit: Int, _ share: UInt64, _ random: inout SplitMix
    ) -> Bool {
        guard case .write(let offset, let written) = change else {
            let isKept = random.next() % 10 < share
            if isKept { apply(change, to: &bytes) }
            return !isKept
        }
        var lost = false
        var start = 0
        while start < written.count {
            // A unit is one of the disk's, not one of the write's.
            let end = min(written.count, ((offset + start) / unit + 1) * unit - offset)
            if random.next() % 10 < share {
                put(written[start..<end], at: offset + start, &bytes)
            } else {
                lost = true
            }
            start = end
        }
        return lost
    }

    /// The newest write ends, or begins, at a sector in its middle; any other change is whole.
    private static func tear(
        _ change: Change, _ isNewest: Bool, _ bytes: inout [UInt8], _ random: inout SplitMix
    ) -> Bool {
        guard isNewest, case .write(let offset, let written) = change else {
            apply(change, to: &bytes)
            return false
        }
        let sectors = (offset + written.count + 511) / 512 - offset / 512
        let cut = min(written.count, max(0, (offset / 512 + Int(random.next() % UInt64(sectors + 1))) * 512 - offset))
        if random.next() % 2 == 0 {
            put(written[..<cut], at: offset, &bytes)
            return cut < written.count
        }
        put(written[cut...], at: offset + cut, &bytes)
        return cut > 0
    }

    private static func put(_ written: ArraySlice<UInt8>, at offset: Int, _ bytes: inout [UInt8]) {
        guard !written.isEmpty else { return }
        grow(&bytes, to: offset + written.count)
        bytes.withUnsafeMutableBytes { target in
            written.withUnsafeBytes { source in
                guard let to = target.baseAddress, let from = source.baseAddress else { return }
                memcpy(to + offset, from, source.count)
            }
        }
    }

    private static func grow(_ bytes: inout [UInt8], to size: Int) {
        if size > bytes.count { bytes.append(contentsOf: repeatElement(0, count: size - bytes.count)) }
    }
}
