import Collecting
import FoundationEssentials
import Ledger
import Wire

/// Somebody on the line who wants a kiosk to delete what the collector never got: with a key of their own, or with a receipt
/// key that was stolen and therefore changed. The requests that a thief answers go nowhere.
final class Thief {
    private unowned let world: World
    private let own: SigningKey
    /// The box whose question for the collector's keys comes to the thief.
    private(set) var hunts: Int?

    init(world: World, key: SigningKey) {
        self.world = world
        own = key
    }

    func answer(_ parcel: Parcel) -> Answered? {
        switch parcel.kind {
        case .upload where world.draw(3) == 0: receipt(for: parcel)
        case .keys: keys(for: parcel)
        case .upload, .heartbeat: nil
        }
    }

    private func receipt(for parcel: Parcel) -> Answered? {
        let box = world.boxes[parcel.box]
        let region = world.region.folder
        guard let field = parcel.head.fields["checkpoint"], let data = Data(base64Encoded: field),
            var note = try? SignedNote(parsing: String(decoding: data, as: UTF8.self))
        else { return nil }
        // A kiosk that has not heard of the change cannot know better.
        let knowsBetter = box.genesis.map { world.oracle.trusts($0, region.key.publicKey) } ?? false
        let key = knowsBetter ? world.region.changed.last ?? own : own
        guard (try? note.cosign(as: region.name, with: key, time: UInt64(max(0, world.now / 1000)))) != nil else {
            return nil
        }
        if key.publicKey == own.publicKey { hunts = parcel.box }
        return (try? JSONEncoder().encode(UploadAnswer(receipt: note.serialized))).map {
            Answered(status: 200, body: $0)
        }
    }

    /// The thief's key in the place of the collector's; only the collector's could vouch for it.
    private func keys(for parcel: Parcel) -> Answered? {
        if hunts == parcel.box { hunts = nil }
        let region = world.region.folder
        let generation = (region.successions.last { $0.role == .receipt }?.generation ?? 1) + 1
        guard
            let forged = try? KeySuccession(
                .receipt, of: region.name, generation: generation, from: region.key.publicKey, to: own,
                time: max(0, world.now / 1000), signedBy: [])
        else { return nil }
        let published = PublishedKeys(
            collector: region.name, receiptKey: own.publicKey, authority: nil,
            successions: region.successions.map(\.serialized) + [forged.serialized])
        return (try? JSONEncoder().encode(published)).map { Answered(status: 200, body: $0) }
    }
}
