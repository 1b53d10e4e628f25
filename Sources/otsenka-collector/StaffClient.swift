import Collecting
import CollectorWeb
import Curl
import FoundationEssentials

/// Staff's commands: over the admin socket of the running program, or directly when nothing runs.
struct StaffClient {
    private let folder: DataFolder

    init(_ folder: DataFolder) { self.folder = folder }

    /// Asks the running program; without one, `direct` does the same on the folder itself.
    func ask<Answer: Decodable>(
        _ method: String, _ path: String, body: Data? = nil, direct: (Staff) async throws -> Answer
    ) async throws -> Answer {
        var attemptsLeft = 25
        while true {
            if let answer: Answer = try running(method, path, body: body) { return answer }
            do {
                let (collector, store) = try Collector.open(folder)
                let answer = try await direct(Staff(collector: collector, folder: folder, now: wallClock))
                try store.close()
                return answer
            } catch let error as StoreError where error.code == "SQLITE_BUSY" && attemptsLeft > 0 {
                // Another program has the store and its socket is not open yet, or no more, or it is a short command.
                attemptsLeft -= 1
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Nothing when no program listens on the admin socket.
    private func running<Answer: Decodable>(_ method: String, _ path: String, body: Data?) throws -> Answer? {
        let socket = try AdminSocketPath(folder)
        var limits = CurlLimits()
        limits.answerBytes = 64 * 1024 * 1024
        // `verify` walks the whole store before it says a word.
        limits.totalMilliseconds = 6 * 3600 * 1000
        limits.stallSeconds = 6 * 3600
        let response: CurlResponse
        do throws(CurlError) {
            let session = try CurlSession(channel: .unixSocket(path: socket.name), limits: limits)
            response = try session.perform(
                CurlRequest(
                    method: method, url: "http://admin" + path,
                    fields: body == nil ? [] : [("Content-Type", "application/json")], body: body.map(Array.init)))
        } catch {
            if error.codeName == "CURLE_COULDNT_CONNECT" { return nil }
            throw CollectorFailure(
                .unavailable,
                "the running collector does not answer on \(folder.path)/admin.sock (\(error)); look at its log")
        }
        guard response.status == 200 else { throw failure(response) }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(response.body))
        } catch {
            throw CollectorFailure(
                .fault,
                "the running collector's answer is not understood (\(error)); it may be of another version, restart it")
        }
    }

    private func failure(_ response: CurlResponse) -> CollectorFailure {
        if let refusal = try? JSONDecoder().decode(AdminRefusal.self, from: Data(response.body)),
            let kind = CollectorFailure.Kind(rawValue: refusal.exit)
        {
            return CollectorFailure(kind, refusal.message)
        }
        let message = (try? JSONDecoder().decode(AdminMessage.self, from: Data(response.body)))?.message
        return CollectorFailure(
            response.status == 503 ? .inputOutput : .fault,
            message ?? "the running collector answered \(response.status); look at its log")
    }

    private struct AdminMessage: Decodable { let message: String }
}
