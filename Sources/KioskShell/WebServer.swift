import Evdev
import KioskWeb
import Logging
import Systemd

/// The web display while it runs, on threads of its own.
final class WebServer {
    let bridge: WebPanelBridge
    private let server: WebServing

    /// Starts serving; `failed` is called, on another thread, when it cannot.
    init(bridge: WebPanelBridge, port: Int, logger: Logger, failed: @escaping @Sendable () -> Void) {
        self.bridge = bridge
        var quiet = logger
        quiet.logLevel = .warning
        let display = WebDisplay(port: port, panel: bridge, logger: quiet)
        let server = display.server { taken in
            logger.notice("the web display is open", metadata: ["address": "http://127.0.0.1:\(taken)"])
        }
        self.server = server
        Task.detached {
            do {
                try await server.run()
            } catch {
                logger.critical(
                    "the web display cannot be opened",
                    metadata: [
                        "address": "http://127.0.0.1:\(port)", "cause": "\(error)",
                        "next": "end the program that uses the port, or set display.web-port",
                    ])
                failed()
            }
        }
    }

    func stop() {
        let server = server
        Task.detached { await server.stop() }
    }
}

/// A pointer of the page as an edge of an input device.
enum WebPointer {
    /// The one contact of the page; devices number theirs from 0.
    static let contact = -1

    /// Nothing for a place outside the picture.
    static func edge(for event: PointerEvent, width: Int, height: Int) -> InputEvent? {
        let (x, y) = (event.x / Double(width), event.y / Double(height))
        let kind: InputEvent.Kind
        switch event.kind {
        case .down:
            guard (0..<1).contains(x), (0..<1).contains(y) else { return nil }
            kind = .down(contact: contact, x: x, y: y)
        case .move: kind = .move(contact: contact, x: min(max(x, 0), 1), y: min(max(y, 0), 1))
        case .up: kind = .up(contact: contact, x: min(max(x, 0), 1), y: min(max(y, 0), 1), cancelled: false)
        }
        return InputEvent(
            device: DeviceID(contact), time: KernelClock.monotonic.nanoseconds / 1000, kind: kind, synthesised: false)
    }
}

extension DeviceDescription {
    /// One line for `status`.
    var summary: String {
        if let leftAloneBecause { return "\(name) (\(path)): left alone, \(leftAloneBecause)" }
        return "\(name) (\(path)): \(deviceClass?.rawValue ?? "input")"
    }
}
