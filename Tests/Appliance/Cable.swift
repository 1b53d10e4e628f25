import RealPrograms

extension Hall {
    /// Item 2: the cable is pulled, fifty visits, the cable is back: all of them in the report, each once.
    public func cablePulled() throws {
        let before = try listed().stored
        try kiosk.setCable(false)
        for number in 0..<50 { try visit(mark: 1 + (number * 3 + number / 5) % 5, by: .buttons) }
        let offline = try listed()
        guard offline.stored == before else {
            throw ChildError("the collector has \(offline.stored - before) records of a kiosk whose cable was out")
        }
        say("50 visits were thanked without a cable; the collector heard of none")
        try kiosk.setCable(true)
        try expectReport(of: said.count)
        say("with the cable back the report has all \(said.count), each once and in order")
    }
}
