import Collecting
import CollectorMemory
import CollectorSQLite
import FakeKiosk
import Foundation

/// The implementations of the port that run the contract suite.
enum StoreKind: String, CaseIterable, Sendable {
    case sqlite, memory
}

/// A collector on a store of its own, in a folder that goes away with it.
final class Scene {
    let folder: String
    let store: any CollectorStore
    let collector: Collector
    /// The collector's clock; tests move it.
    var now: Int64 = 1_763_800_000_000

    init(_ kind: StoreKind = .sqlite, limits: CollectorLimits = CollectorLimits(), seed: UInt64 = 1) throws {
        folder = NSTemporaryDirectory() + "collecting-\(UUID().uuidString)"
        switch kind {
        case .sqlite: store = try SQLiteCollectorStore(folder: folder, create: true)
        case .memory: store = MemoryCollectorStore()
        }
        collector = Collector.fake(store: store, seed: seed, limits: limits)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
