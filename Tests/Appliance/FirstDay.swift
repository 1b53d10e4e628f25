import Glibc
import RealPrograms

extension Hall {
    /// Item 1, after power to dialog and enrolment by the file: ten visits each by touch, buttons and pointer, all in the report.
    public func firstDay() throws {
        for way in Way.allCases {
            if way == .pointer {
                try kiosk.plugPointer()
                sleep(5)
            }
            for number in 0..<10 { try visit(mark: 1 + number % 5, by: way) }
            say("\(said.count) visits were thanked, the last ten by \(way.rawValue)")
        }
        try expectReport(of: said.count)
        say("the report has all \(said.count), each once and in order")
    }
}
