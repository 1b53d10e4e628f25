import Collecting
import Delivery
import FoundationEssentials
import Ratings
import Wire

/// A request on its way.
struct Parcel {
    enum Kind: CustomStringConvertible {
        case upload(KioskID, epoch: Int, first: Int64, last: Int64)
        case heartbeat(KioskID)
        /// `GET /v1/keys`.
        case keys

        var description: String {
            switch self {
            case .upload(let kiosk, let epoch, let first, let last): "records \(first)-\(last) of \(kiosk)/\(epoch)"
            case .heartbeat(let kiosk): "a heartbeat of \(kiosk)"
            case .keys: "a question for the keys"
            }
        }
    }

    var kind: Kind
    var head: RequestHead
    var body = Data()
    var box: Int
}

/// An answer as it comes from the wire.
struct Answered {
    var status: Int
    var body = Data()
    var retryAfter: Int64?
}

/// What the uplink gets of its request.
enum Reply {
    case answer(Answered)
    case none(CollectorAnswer)
}

/// A network between kiosks and a collector: it drops, cuts, repeats, delays and reorders, and sometimes lies.
final class Network {
    private unowned let world: World
    /// How often, in a thousand, something goes wrong with a request; 0 once faults have stopped.
    var faultsPerThousand: Int64 = 0
    /// Answers that it has seen, to be given again.
    private var seen: [Answered] = []
    /// The longest time a request may be under way, milliseconds.
    static let longestDelay: Int64 = 900_000
    /// The uplink gives up (`reliability.md` §7).
    private static let patience: Int64 = 90_000

    init(world: World) { self.world = world }

    func send(_ parcel: Parcel, told: @escaping (Reply) -> Void) {
        let way = 15 + world.draw(200)
        if world.boxes[parcel.box].isPartitioned {
            world.count(.network)
            return world.plan(after: 10_000) { told(.none(.unreachable)) }
        }
        guard world.draw(1000) < faultsPerThousand || world.thief?.hunts == parcel.box else {
            return deliver(parcel, after: way, told)
        }
        world.count(.network)
        if let forged = world.thief?.answer(parcel) {
            world.tell("a thief answers \(parcel.kind)")
            return world.plan(after: way) { told(.answer(forged)) }
        }
        switch world.draw(9) {
        case 0:
            // The request is lost.
            world.plan(after: Self.patience) { told(.none(.timedOut)) }
        case 1:
            // The connection breaks after the request was taken: the answer is lost.
            deliver(parcel, after: way) { [world] _ in world.plan(after: 20) { told(.none(.unreachable)) } }
        case 2:
            // libcurl, or a proxy, sends it twice.
            deliver(parcel, after: way, told)
            deliver(parcel, after: way + world.draw(UInt64(Self.longestDelay))) { _ in }
        case 3:
            // It is under way for so long that nobody waits any more.
            deliver(parcel, after: Self.patience + world.draw(UInt64(Self.longestDelay - Self.patience))) { _ in }
            world.plan(after: Self.patience) { told(.none(.timedOut)) }
        case 4: slow(parcel, way, told)
        case 5: mangle(parcel, way, told)
        default: lie(parcel, way, told)
        }
    }

    private func deliver(_ parcel: Parcel, after milliseconds: Int64, _ told: @escaping (Reply) -> Void) {
        world.plan(after: milliseconds) { [world] in
            guard let answer = await world.region.take(parcel) else {
                return world.plan(after: 30) { told(.none(.unreachable)) }
            }
            if case .upload = parcel.kind, self.seen.count < 40 { self.seen.append(answer) }
            world.plan(after: 15 + world.draw(100)) { told(.answer(answer)) }
        }
    }

    private func slow(_ parcel: Parcel, _ way: Int64, _ told: @escaping (Reply) -> Void) {
        var isOver = false
        world.plan(after: Self.patience) {
            if !isOver { told(.none(.timedOut)) }
            isOver = true
        }
        deliver(parcel, after: way + world.draw(60_000)) { [world] reply in
            world.plan(after: world.draw(60_000)) {
                if !isOver { told(reply) }
                isOver = true
            }
        }
    }

    private func mangle(_ parcel: Parcel, _ way: Int64, _ told: @escaping (Reply) -> Void) {
        var parcel = parcel
        if !parcel.body.isEmpty {
            let index = parcel.body.startIndex + Int(world.draw(UInt64(parcel.body.count)))
            parcel.body[index] ^= 1 << UInt8(world.draw(8))
        }
        deliver(parcel, after: way, told)
    }

    /// Somebody else answers: a captive portal, a proxy, an attacker with old answers.
    private func lie(_ parcel: Parcel, _ way: Int64, _ told: @escaping (Reply) -> Void) {
        let need = Int64(world.draw(60))
        let refusals: [Refusal.Code] = [
            .gap, .rewindCollector, .fork, .epochClosed, .rewindKiosk, .revoked, .brokenChain, .tooLarge, .badSignature,
        ]
        let answer: Answered
        switch world.draw(8) {
        case 0: answer = Answered(status: 200, body: Data("<html>Sign in</html>".utf8))
        case 1: answer = Answered(status: 302)
        case 2: answer = Answered(status: 204)
        case 3:
            let code = refusals[Int(world.draw(UInt64(refusals.count)))]
            answer = World.answer(Refusal(error: code, message: "", need: need))
        case 4: answer = Answered(status: 429, retryAfter: Int64(world.draw(1_800)))
        case 5: answer = Answered(status: 503, body: Data("busy".utf8))
        case 6: answer = Answered(status: 200, body: (try? JSONEncoder().encode(UploadAnswer(receipt: "x"))) ?? Data())
        default:
            answer = seen.isEmpty ? Answered(status: 500) : seen[Int(world.draw(UInt64(seen.count)))]
        }
        world.tell("somebody answers \(answer.status) to \(parcel.kind)")
        // Sometimes the collector hears of it all the same.
        if world.draw(2) == 0 { deliver(parcel, after: way) { _ in } }
        world.plan(after: way) { told(.answer(answer)) }
    }
}
