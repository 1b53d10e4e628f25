import Curl
import FoundationEssentials
import KioskControl
import Ledger
import UnixSocket
import Wire

/// What an enrolment needs to know.
public struct EnrolmentPlan: Sendable {
    /// The collector's address as it was typed.
    public var collector: String
    /// The one-time code as it was typed.
    public var code: String
    /// `sha256//…` of the collector's key; needed for https.
    public var pin: String?
    public var runtimeFolder = "/run/otsenka"
    public var stateFolder = "/var/lib/otsenka-uplink"
    public var allowPlainLoopback = false
    /// A digest that tells two machines apart.
    public var hardware: String
    public var curl = CurlLimits()
    /// How often the collector is asked when the network fails; it answers the same request the same way each time.
    public var tries = 3

    public init(collector: String, code: String, pin: String?, hardware: String) {
        self.collector = collector
        self.code = code
        self.pin = pin
        self.hardware = hardware
    }
}

/// What an enrolment came to.
public struct EnrolmentResult: Equatable, Sendable {
    public var identity: KioskIdentity
    /// Six words; the collector shows the same, or somebody stands between.
    public var words: [String]
}

/// A request that has been sent, kept until its answer is in: if the answer is lost, the same request gets it again, even
/// from a new start of the command.
struct PendingEnrolment: Codable {
    var collector: String
    var request: EnrolmentRequest
    /// The transport key of the request.
    var seed: Data
}

/// Enrols this kiosk (`reliability.md` §6.5): asks `run` to vouch for a new transport key, proves to the collector that the
/// code is known without sending it, checks the collector's own proof, and hands the answer to `run`.
public struct Enroller {
    private let plan: EnrolmentPlan
    private let code: EnrolmentCode
    private let pin: KeyPin?
    private let address: CollectorAddress
    private let folder: StateFolder

    /// Throws `UplinkError` 64 for an address, a code or a pin that is none.
    public init(_ plan: EnrolmentPlan) throws(UplinkError) {
        self.plan = plan
        address = try CollectorAddress(plan.collector, allowPlainLoopback: plan.allowPlainLoopback)
        guard let code = EnrolmentCode(plan.code) else {
            throw UplinkError(
                UplinkError.usage,
                "the code is not 16 characters of 0-9 and A-Z without U; type it as `otsenka-collector kiosk add` shows it"
            )
        }
        self.code = code
        pin = plan.pin.flatMap(KeyPin.init)
        guard pin != nil || (plan.pin == nil && address.isPlain) else {
            throw UplinkError(
                UplinkError.usage,
                plan.pin == nil
                    ? "the pin of the collector's key is missing; give --pin 'sha256//…' as `otsenka-collector kiosk add` "
                        + "shows it beside the code"
                    : "the pin is not 'sha256//' and 44 characters of base64; copy it whole")
        }
        folder = StateFolder(path: plan.stateFolder)
    }

    /// Who this kiosk has become by this very code; nothing where it has not. Whoever asks before `enrol` spends no code twice
    /// when the power went between an enrolment and the removal of its file. Throws `UplinkError` 65 or 74 for the folder.
    public func identityByThisCode() throws(UplinkError) -> KioskIdentity? {
        guard let record = try folder.collector(), record.code == code.identifier, record.collector == address.text,
            try folder.pendingEnrolment() == nil, case .identity(let identity)? = try? command(.identify),
            identity.collector == address.text
        else { return nil }
        return identity
    }

    /// Does it all. Throws `UplinkError` with the status of the Contract; the code can then be tried again.
    public func enrol() throws(UplinkError) -> EnrolmentResult {
        try folder.create()
        let pending = try prepare()
        let session = try session()
        let response = try post(pending.request, over: session)
        let answer = try verified(response, to: pending.request)
        let identity = KioskIdentity(
            kiosk: answer.kiosk, epoch: answer.epoch, journalKey: pending.request.journalKey, collector: address.text,
            collectorName: answer.collectorName, receiptKey: answer.receiptKey)
        // The keys first: should the power fail before `run` knows, the same code brings the same answer again.
        try folder.write(SigningKeyFile.key(pending.seed))
        try folder.write(
            CollectorRecord(collector: address.text, authority: answer.authority, pin: pin?.text, code: code.identifier)
        )
        // Inside the pinned connection the collector's own clock can be believed.
        if !address.isPlain, let seconds = response.dateSeconds { try folder.write(timeFloor: seconds) }
        let request = CommandRequest.enrol(Enrolment(identity: identity, collectorNonce: answer.collectorNonce))
        guard case .done = try command(request) else { throw Self.unexpected }
        folder.removePendingEnrolment()
        return EnrolmentResult(identity: identity, words: answer.words(after: pending.request))
    }

    /// Lets the kiosk's screen say why an enrolment failed. Without `run` there is no screen, and nothing happens.
    public static func tell(_ trouble: EnrolmentTrouble, runtimeFolder: String) {
        guard let message = try? ControlCoding.encode(CommandRequest.enrolmentFailed(trouble)) else { return }
        _ = try? Client.call(
            path: runtimeFolder + "/control.sock", message: message, server: .run,
            maximumBytes: ControlCoding.maximumBytes, timeoutMilliseconds: 5_000)
    }

    /// The request of an earlier try with the same code, or a new one.
    private func prepare() throws(UplinkError) -> PendingEnrolment {
        let key = SigningKey()
        if let pending = try folder.pendingEnrolment(), pending.collector == address.text,
            pending.request.code == code.identifier, pending.request.pin == (pin?.text ?? ""),
            pending.request.isValid(for: code), let kept = try? SigningKey(seed: pending.seed),
            kept.publicKey == pending.request.transportKey,
            case .certified(let certificate) = try command(.certify(transportKey: kept.publicKey)),
            certificate.journalKey == pending.request.journalKey
        {
            return pending
        }
        guard case .certified(let certificate) = try command(.certify(transportKey: key.publicKey)) else {
            throw Self.unexpected
        }
        let nonce = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let pending = PendingEnrolment(
            collector: address.text,
            request: EnrolmentRequest(
                code: code, journalKey: certificate.journalKey, transportKey: key.publicKey,
                certificate: certificate.signature, nonce: nonce, pin: pin?.text ?? "", hardware: plan.hardware,
                afterEpoch: certificate.newestEpoch > 0 ? certificate.newestEpoch : nil),
            seed: key.seed)
        try folder.write(pending)
        return pending
    }

    private func command(_ request: CommandRequest) throws(UplinkError) -> CommandAnswer {
        let answer: CommandAnswer
        do {
            let reply = try Client.call(
                path: plan.runtimeFolder + "/control.sock", message: ControlCoding.encode(request), server: .run,
                maximumBytes: ControlCoding.maximumBytes, timeoutMilliseconds: 30_000)
            answer = try ControlCoding.decode(CommandAnswer.self, from: reply)
        } catch let error as UnixSocketError {
            throw UplinkError(UplinkError.absent, "\(error)")
        } catch {
            throw UplinkError(
                UplinkError.inputOutput, "otsenka-kiosk run's answer is not understood; run programs of one release")
        }
        switch answer {
        case .refused(let reason): throw UplinkError(UplinkError.notPermitted, "otsenka-kiosk run refuses: \(reason)")
        case .failed(let reason): throw UplinkError(UplinkError.tryAgain, "otsenka-kiosk run failed: \(reason)")
        default: return answer
        }
    }

    private static var unexpected: UplinkError {
        UplinkError(UplinkError.ownFault, "otsenka-kiosk run gave another answer than was asked for")
    }
}

// MARK: The collector

extension Enroller {
    private func session() throws(UplinkError) -> CurlSession {
        let channel: Channel =
            if let pin { .pinnedKey(pin) } else { .plainLoopback }
        do throws(CurlError) {
            return try CurlSession(channel: address.isPlain ? .plainLoopback : channel, limits: plan.curl)
        } catch {
            throw UplinkError(UplinkError.ownFault, "\(error)")
        }
    }

    private func post(_ request: EnrolmentRequest, over session: CurlSession) throws(UplinkError) -> CurlResponse {
        guard let body = try? JSONEncoder().encode(request) else {
            preconditionFailure("an enrolment request can be written as JSON")
        }
        var failure: CurlError?
        for _ in 0..<max(1, plan.tries) {
            do throws(CurlError) {
                return try session.perform(
                    CurlRequest(
                        method: "POST", url: address.text + Routes.enrolments,
                        fields: [("content-type", "application/json")], body: Array(body)))
            } catch {
                failure = error
                if error.codeName == "CURLE_SSL_PINNEDPUBKEYNOTMATCH" { break }
            }
        }
        if failure?.codeName == "CURLE_SSL_PINNEDPUBKEYNOTMATCH" {
            throw UplinkError(
                UplinkError.notPermitted,
                "\(address.text) does not have the key of the pin (CURLE_SSL_PINNEDPUBKEYNOTMATCH); compare the pin with "
                    + "`otsenka-collector kiosk add`, and if it is right, somebody stands in between", .collectorKey)
        }
        throw UplinkError(
            UplinkError.absent,
            "the collector is not reached: \(failure.map { "\($0)" } ?? ""); check the address and the network, then run "
                + "the command again with the same code", .noAnswer)
    }

    private func verified(
        _ response: CurlResponse, to request: EnrolmentRequest
    ) throws(UplinkError) -> EnrolmentAnswer {
        guard response.status == 200 else { throw refusal(response) }
        guard let answer = try? JSONDecoder().decode(EnrolmentAnswer.self, from: Data(response.body)) else {
            throw UplinkError(
                UplinkError.badData,
                "\(address.text) answers, but not as a collector does; is the address right, or does a sign-in page of "
                    + "the network answer for it?", .answer)
        }
        guard answer.isValid(for: request, code: code) else {
            throw UplinkError(
                UplinkError.notPermitted,
                "\(address.text) does not prove that it knows the code: it is not the collector that made it; do not go "
                    + "on, and tell the region's operator", .collectorKey)
        }
        return answer
    }

    private func refusal(_ response: CurlResponse) -> UplinkError {
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(response.body))
        let message = refusal.map { ": \($0.message.printable)" } ?? ""
        switch response.status {
        case 401, 403: return UplinkError(UplinkError.notPermitted, "the collector refuses\(message)", .code)
        case 429, 503:
            return UplinkError(
                UplinkError.tryAgain, "the collector is busy\(message); try again in a minute", .noAnswer)
        default:
            return UplinkError(
                UplinkError.badData,
                "the collector answers \(response.status)\(message); check that the address is the collector's", .answer
            )
        }
    }
}

/// The key whose bytes this program has just written or checked.
private enum SigningKeyFile {
    static func key(_ seed: Data) throws(UplinkError) -> SigningKey {
        guard let key = try? SigningKey(seed: seed) else {
            throw UplinkError(
                UplinkError.badData, "the enrolment under way is damaged; run the command with a new code")
        }
        return key
    }
}
