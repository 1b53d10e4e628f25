import FoundationEssentials
import Ledger
import Ratings
import Wire

/// A code that was just made. It is told once, to whoever asked for it.
public struct IssuedCode: Sendable {
    public var kiosk: KioskID
    public var code: EnrolmentCode
    /// Milliseconds since 1970.
    public var expires: Int64
}

extension Collector {
    /// The longest body of an enrolment, bytes.
    public static let enrolmentBytes = 4096

    /// Enrols a kiosk by its one-time code (`reliability.md` §6.5): opens its first or next epoch and answers with the
    /// proof that the collector knows the code too. Throws `Refusal` (`refused_code` with the reason) or `StoreError`.
    ///
    /// The same request again, while the code would still be valid, gets the same answer: it may have been lost.
    public func enrol(_ body: Data, now: Int64) async throws -> EnrolmentAnswer {
        guard body.count <= Self.enrolmentBytes,
            let request = try? JSONDecoder().decode(EnrolmentRequest.self, from: body),
            [request.code, request.nonce, request.pin, request.hardware].allSatisfy({ !$0.contains("\n") }),
            (0...Self.greatestEpoch / 2).contains(request.afterEpoch ?? 0)
        else {
            throw Refusal(
                error: .malformed,
                message: "the body is not an enrolment request of at most \(Self.enrolmentBytes) bytes")
        }
        let nonce = Data(random(16)).base64EncodedString()
        return try await store.write { transaction in
            try self.enrol(request, nonce: nonce, now: now, in: transaction)
        }.get()
    }

    private func enrol(
        _ request: EnrolmentRequest, nonce: String, now: Int64, in transaction: any StoreTransaction
    ) throws -> Result<EnrolmentAnswer, Refusal> {
        guard var row = try transaction.code(request.code) else { return .failure(Self.refused("is not known here")) }
        guard now < row.expires else {
            try transaction.eraseCodes(expiredAt: now, of: nil)
            return .failure(Self.refused("has expired", kiosk: row.kiosk))
        }
        if let answer = row.answer {
            guard row.proof == request.proof else {
                return .failure(Self.refused("was used already", kiosk: row.kiosk))
            }
            return .success(try JSONDecoder().decode(EnrolmentAnswer.self, from: answer))
        }
        guard let characters = row.characters, let code = EnrolmentCode(characters), row.tries < limits.codeTries,
            let kiosk = try transaction.kiosk(row.kiosk)
        else { return .failure(Self.refused("was erased after wrong tries or by a newer code", kiosk: row.kiosk)) }
        guard request.isValid(for: code) else { return .failure(try wrongProof(&row, now: now, in: transaction)) }
        let answer = try admit(request, kiosk: kiosk, code: code, nonce: nonce, now: now, in: transaction)
        row.characters = nil
        row.proof = request.proof
        row.answer = try JSONEncoder().encode(answer)
        try transaction.put(row)
        return .success(answer)
    }

    private func admit(
        _ request: EnrolmentRequest, kiosk: KioskRow, code: EnrolmentCode, nonce: String, now: Int64,
        in transaction: any StoreTransaction
    ) throws -> EnrolmentAnswer {
        var kiosk = kiosk
        let newest = try transaction.epochs(of: kiosk.id).last
        let row = try open(
            kiosk.id, epoch: epoch(after: max(newest?.epoch ?? 0, request.afterEpoch ?? 0)), place: kiosk.place,
            keys: EpochKeys(request, collectorNonce: nonce), origin: .enrolment, floor: newest?.floor ?? kiosk.added,
            now: now, in: transaction)
        if kiosk.revoked != nil {
            kiosk.revoked = nil
            try transaction.put(kiosk)
        }
        let message = "kiosk \(kiosk.id) was enrolled as epoch \(row.epoch)"
        try event(newest == nil ? .enrolled : .replaced, message, row, now: now, in: transaction)
        return EnrolmentAnswer(
            to: request, code: code, kiosk: kiosk.id, epoch: row.epoch, collectorName: identity.name,
            receiptKey: identity.key.publicKey, collectorNonce: nonce, authority: identity.authority)
    }

    /// The number that an enrolment opens: 1, and then beyond all that the kiosk may open by itself.
    private func epoch(after newest: Int) -> Int { newest == 0 ? 1 : newest + limits.epochsAhead + 1 }

    private func wrongProof(
        _ row: inout CodeRow, now: Int64, in transaction: any StoreTransaction
    ) throws -> Refusal {
        row.tries += 1
        let left = limits.codeTries - row.tries
        if left <= 0 {
            row.characters = nil
            try record(
                EventRow(
                    time: now, kind: .codeSpent, kiosk: row.kiosk, epoch: 0,
                    message: "the code of kiosk \(row.kiosk) was erased after \(row.tries) wrong proofs"),
                in: transaction)
        }
        try transaction.put(row)
        return Self.refused("was not proved to be known (\(max(0, left)) tries left)", kiosk: row.kiosk)
    }

    private static func refused(_ reason: String, kiosk: KioskID? = nil) -> Refusal {
        let verb = kiosk.map { "kiosk replace \($0)` (or `kiosk add`" } ?? "kiosk add` (or `kiosk replace`"
        return Refusal(
            error: .refusedCode,
            message: "the enrolment code \(reason); make a new one with `otsenka-collector \(verb))")
    }
}
