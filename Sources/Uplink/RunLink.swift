import FoundationEssentials
import KioskControl
import UnixSocket

/// The connection to `run` on `uplink.sock`, made again whenever it breaks.
final class RunLink {
    private let path: String
    private let timeoutMilliseconds: Int64
    private var client: Client?

    init(runtimeFolder: String, timeoutMilliseconds: Int64 = 30_000) {
        path = runtimeFolder + "/uplink.sock"
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Whether the next question makes a new connection, perhaps to another `run` than before.
    var isNew: Bool { client == nil }

    /// Asks and waits for the answer, `extra` milliseconds longer than usual. After an error the next question connects anew.
    func ask(_ request: UplinkRequest, extraMilliseconds extra: Int64 = 0) throws(UplinkError) -> UplinkAnswer {
        do {
            let client = try connected()
            let message = try ControlCoding.encode(request)
            let reply = try client.call(message, timeoutMilliseconds: timeoutMilliseconds + extra)
            return try ControlCoding.decode(UplinkAnswer.self, from: reply)
        } catch let error as UnixSocketError {
            client = nil
            throw UplinkError(UplinkError.absent, "\(error)")
        } catch {
            client = nil
            throw UplinkError(
                UplinkError.inputOutput, "the answer on \(path) is not understood; run both programs from one release")
        }
    }

    private func connected() throws(UnixSocketError) -> Client {
        if let client { return client }
        let made = try Client(
            path: path, server: .run, maximumBytes: ControlCoding.maximumBytes,
            timeoutMilliseconds: timeoutMilliseconds)
        client = made
        return made
    }
}

extension ServerName {
    static let run = ServerName(program: "otsenka-kiosk run", unit: "otsenka-kiosk.service")
}
