import Curl
import Delivery
import FoundationEssentials
import Glibc
import KioskControl
import Ledger
import Wire

// What the collector is asked, and what its answers are worth.

/// An answer, or what its absence means.
private enum Asked {
    case response(CurlResponse)
    case nothing(CollectorAnswer)
}

extension UplinkProgram {
    /// The stored time floor is renewed this often, seconds: once a day, to spare the flash.
    private static let floorStepSeconds: Int64 = 86_400

    func upload(_ collector: CollectorClient) throws(UplinkError) -> DeliveryEvent {
        guard let batch else { preconditionFailure("an upload follows a fetch") }
        self.batch = nil
        let asked = ask(collector, at: batch.now) { () throws(CurlError) in try collector.upload(batch) }
        guard case .response(let response) = asked else { return .uploaded(asked.failure) }
        switch UploadReply(
            status: response.status, body: Data(response.body), retryAfterSeconds: response.retryAfterSeconds)
        {
        case .receipt(let note):
            let answer = try judge(note, of: batch)
            // Signed by a key that we do not know? Its succession tells.
            guard answer == .worthless, try followKeys(collector) else { return .uploaded(answer) }
            return .uploaded(try judge(note, of: batch))
        case .answer(let answer):
            explain(response, answer)
            return .uploaded(answer)
        }
    }

    func heartbeat(_ collector: CollectorClient) throws(UplinkError) -> DeliveryEvent {
        guard case .vitals(let vitals) = try run.ask(.vitals) else { return enrolledAnew() }
        if isAnotherKiosk(vitals.kiosk, epoch: vitals.epoch) { return enrolledAnew() }
        let nonce = vitals.nonce ?? Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let asked = ask(collector, at: vitals.now) { () throws(CurlError) in
            try collector.heartbeat(vitals, nonce: nonce)
        }
        guard case .response(let response) = asked else { return .heartbeat(asked.failure, epoch: vitals.epoch) }
        var time = response.status == 200 ? signedTime(in: response, nonce: nonce) : nil
        if response.status == 200, time == nil || newKeys(in: response) {
            if try followKeys(collector) { time = signedTime(in: response, nonce: nonce) }
        }
        if let seconds = time {
            raiseTimeFloor(to: seconds)
            log.enter(.delivering)
            try handOver(response)
            return .heartbeat(.accepted, epoch: vitals.epoch)
        }
        let answer = CollectorAnswer(
            status: response.status, body: Data(response.body), retryAfterSeconds: response.retryAfterSeconds)
        explain(response, answer)
        return .heartbeat(answer, epoch: vitals.epoch)
    }

    /// `run` judges an order by itself, and the time with it.
    private func handOver(_ response: CurlResponse) throws(UplinkError) {
        guard let answer = try? JSONDecoder().decode(HeartbeatAnswer.self, from: Data(response.body)),
            !answer.orders.isEmpty
        else { return }
        if case .refused(let reason) = try run.ask(.orders(answer.orders, time: answer.time)) {
            logger.warning("an order of the collector is refused", metadata: ["why": "\(reason)"])
        }
    }

    /// Whether the collector has changed a key since this program last looked.
    private func newKeys(in response: CurlResponse) -> Bool {
        let answer = try? JSONDecoder().decode(HeartbeatAnswer.self, from: Data(response.body))
        return answer?.keys != nil && answer?.keys != followedKeys
    }

    private func ask(
        _ collector: CollectorClient, at now: KioskTime, _ request: () throws(CurlError) -> CurlResponse
    ) -> Asked {
        do throws(CurlError) {
            let wall = now.clock == .synced ? Int64(time(nil)) : 0
            try collector.verifyCertificates(at: max(wall, timeFloor))
            return .response(try request())
        } catch {
            log.enter(.unreachable(error.codeName ?? "\(error.cause)"), "\(error)")
            switch error.cause {
            case .answerTooLong, .fieldsTooLong: return .nothing(.worthless)
            default: return .nothing(error.isTimeout ? .timedOut : .unreachable)
            }
        }
    }

    /// `run` has the last word on a receipt, except on one for records that were receipted before: the collector asked for
    /// them again, and `run` takes only what is newer than it holds. Those are verified here.
    private func judge(_ note: String, of batch: Batch) throws(UplinkError) -> CollectorAnswer {
        guard batch.isNews else {
            guard let identity, batch.isReceipted(by: note, identity: identity) else {
                log.enter(.worthless("the receipt of records \(batch.first)-\(batch.last) does not verify"))
                return .worthless
            }
            log.enter(.delivering)
            return .accepted
        }
        switch try run.ask(.receipt(note: note)) {
        case .received:
            log.enter(.delivering)
            return .accepted
        case .refused(let reason):
            log.enter(.worthless(reason))
            return .worthless
        case .failed(let reason): throw UplinkError(UplinkError.tryAgain, reason)
        default: throw UplinkError(UplinkError.tryAgain, "otsenka-kiosk run does not say what a receipt is worth")
        }
    }

    /// The collector's time, once its signature, our name and our nonce are in it.
    private func signedTime(in response: CurlResponse, nonce: String) -> Int64? {
        guard let identity,
            let answer = try? JSONDecoder().decode(HeartbeatAnswer.self, from: Data(response.body)),
            let seconds = SignedTime.seconds(
                in: answer.time, kiosk: identity.kiosk, nonce: nonce, collector: identity.collectorName,
                key: identity.receiptKey)
        else { return nil }
        return Int64(clamping: seconds)
    }

    /// Certificates that ended before this time are refused from now on, whatever the machine's clock says.
    private func raiseTimeFloor(to seconds: Int64) {
        guard seconds >= timeFloor + Self.floorStepSeconds else { return }
        timeFloor = seconds
        do throws(UplinkError) {
            try folder.write(timeFloor: seconds)
        } catch {
            logger.warning("the collector's time is not kept", metadata: ["detail": "\(error)"])
        }
    }

    private func explain(_ response: CurlResponse, _ answer: CollectorAnswer) {
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(response.body))
        if answer == .worthless {
            log.enter(.worthless("status \(response.status), \(response.fields["content-type"] ?? "no content type")"))
        } else {
            log.enter(
                .refused(status: response.status, code: refusal?.error.rawValue ?? "none"), refusal?.message ?? "")
        }
    }
}

extension Asked {
    fileprivate var failure: CollectorAnswer {
        if case .nothing(let answer) = self { return answer }
        return .worthless
    }
}
