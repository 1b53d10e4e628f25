import Drawing
import FoundationEssentials
import KioskWeb
import Synchronization
import Systemd

/// The web display's view of the panel, for the server's threads: asks the loop for copies, never touches the panel.
final class WebPanelBridge: WebPanel {
    private let mailbox: Mailbox
    private let panel: LoopBound<Panel>
    private let press: LoopBound<(PointerEvent) -> Void>
    private let shownFrames = Mutex(0)

    /// `press` is called on the loop's thread.
    init(loop: EventLoop, panel: Panel, press: @escaping (PointerEvent) -> Void) {
        mailbox = loop.mailbox
        self.panel = loop.bound(panel)
        self.press = loop.bound(press)
    }

    var frame: Int { shownFrames.withLock { $0 } }

    /// Called on the loop's thread when a frame was shown.
    func shown(_ frames: Int) { shownFrames.withLock { $0 = frames } }

    func picture() async throws -> (frame: Int, png: Data) {
        let copy = try await onLoop { panel in
            guard let picture = try panel.picture() else { throw WebPanelError.noPicture }
            return Copy(frame: panel.frames, picture: picture)
        }
        // Encoding takes some ten milliseconds; it happens here, not on the loop.
        return (copy.frame, try copy.picture.png())
    }

    func description() async throws -> Data { try await onLoop { try $0.description() } }

    func pointer(_ event: PointerEvent) {
        let press = self.press
        _ = mailbox.post { press.value(event) }
    }

    private func onLoop<Value: Sendable>(_ work: @escaping @Sendable (Panel) throws -> Value) async throws -> Value {
        let panel = self.panel
        return try await withCheckedThrowingContinuation { continuation in
            let accepted = mailbox.post { continuation.resume(with: Result { try work(panel.value) }) }
            if !accepted { continuation.resume(throwing: WebPanelError.busy) }
        }
    }

    /// A picture that one thread made and another encodes, never both at once.
    private struct Copy: @unchecked Sendable {
        let frame: Int
        let picture: Bitmap
    }
}

enum WebPanelError: Error { case noPicture, busy }
