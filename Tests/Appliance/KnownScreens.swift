import Dialog
import DialogScreens
import Drawing
import Questionnaires
import RealPrograms

import struct Ratings.Questionnaire

/// The dialog's screens as the emulated panel must show them, drawn here by the kiosk's own modules: what is seen is
/// compared with them pixel by pixel, and they say where to press.
public final class KnownScreens {
    /// One screen.
    public struct Known {
        public let name: String
        public let picture: Bitmap
        public let description: ScreenDescription

        /// The middle of a target.
        public func target(_ id: String) throws -> (x: Int, y: Int) {
            guard let found = description.targets.first(where: { $0.id == id }) else {
                throw ChildError("the screen \(name) has no target \(id)")
            }
            return (found.x + found.width / 2, found.y + found.height / 2)
        }
    }

    /// A part that is painted again meets its neighbours in other roundings of their edges: up to 5 of 255.
    private static let tolerance = 8

    private let questionnaire = Questionnaires.embedded.questionnaire
    private let geometry = ScreenGeometry.resolve(
        width: Emulator.width, height: Emulator.height, connectorMillimetres: Emulator.millimetres)
    private let typesetter: Typesetter
    private let language: String
    private var drawn: [String: Known] = [:]
    private var notices: [String: MaintenanceNotice] = [:]

    public init(language: String = "ru") throws {
        typesetter = try Typesetter()
        self.language = language
    }

    /// Knows this notice of a technician's visit by a name from now on.
    func learn(_ notice: MaintenanceNotice, as name: String) { notices[name] = notice }

    /// The view of that name as `otsenka-kiosk render` knows it; `fault-3` for the fault of any number.
    private func view(_ name: String) -> DialogView? {
        let parts = name.split(separator: "-")
        if parts.count == 2, parts[0] == "fault", let code = Int(parts[1]) {
            return DialogView(screen: .closed(.fault(code: code)), language: language, technicianMark: true)
        }
        if let notice = notices[name] {
            return DialogView(screen: .closed(.maintenance(notice)), language: language)
        }
        return ScreenCatalogue.view(named: name, of: questionnaire, language: language)
    }

    /// The screen of that name.
    public func known(_ name: String) throws -> Known {
        if let known = drawn[name] { return known }
        guard let view = view(name) else { throw ChildError("there is no screen \(name)") }
        var painter = ScreenPainter(geometry: geometry, questionnaire: questionnaire, typesetter: typesetter)
        let damage = painter.update(view)
        let bitmap = try Bitmap(width: geometry.width, height: geometry.height)
        try bitmap.draw { painter.paint(damage, on: $0) }
        guard let description = painter.description else { throw ChildError("the screen \(name) describes nothing") }
        let known = Known(name: name, picture: bitmap, description: description)
        drawn[name] = known
        return known
    }

    /// Which of `names` a picture shows.
    public func name(of picture: Bitmap, among names: [String]) throws -> Known? {
        for name in names {
            let known = try known(name)
            if picture.isSame(as: known.picture, tolerance: Self.tolerance) { return known }
        }
        return nil
    }
}
