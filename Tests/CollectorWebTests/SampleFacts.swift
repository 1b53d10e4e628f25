import Reporting

@testable import CollectorWeb

extension PageFacts {
    /// 22 November 2026, 08:40:00 UTC.
    static let sampleNow: Int64 = 1_795_336_800

    /// Two offices, four services of which one is too small to show, three kiosks in three conditions.
    static let sample = PageFacts(
        collector: "perm.example", now: sampleNow,
        places: [
            Place(
                office: "МФЦ «Центральный»", service: "Загранпаспорт",
                counts: Counts(
                    marks: Marks([12, 18, 41, 163, 271]),
                    dialogs: Dialogs(
                        shown: 702, answered: 488, timeout: 151, cancelled: 49, interrupted: 12, refused: 0))),
            Place(
                office: "МФЦ «Центральный»", service: "Регистрация по месту жительства",
                counts: Counts(
                    marks: Marks([9, 4, 11, 20, 17]),
                    dialogs: Dialogs(
                        shown: 1123, answered: 61, timeout: 900, cancelled: 160, interrupted: 1, refused: 1))),
            Place(
                office: "МФЦ «Центральный»", service: "Справка о судимости",
                counts: Counts(marks: Marks([1, 0, 0, 2, 4]), dialogs: Dialogs(shown: 9, answered: 7, timeout: 2))),
            Place(
                office: "Соцзащита, Ленина, 4", service: nil,
                counts: Counts(marks: Marks([0, 0, 1, 4, 5]), dialogs: Dialogs(shown: 14, answered: 10, timeout: 3))),
        ],
        kiosks: [
            Kiosk(
                id: "central-1", office: "МФЦ «Центральный»", service: nil, window: "12", state: .enrolled,
                lastSeen: sampleNow - 35, unsent: 0, marks: []),
            Kiosk(
                id: "lenina-4", office: "Соцзащита, Ленина, 4", service: nil, window: nil, state: .enrolled,
                lastSeen: sampleNow - 7300, unsent: 1248, marks: ["disk_half"]),
            Kiosk(
                id: "central-2", office: "МФЦ «Центральный»", service: "Загранпаспорт", window: nil, state: .waiting,
                lastSeen: nil, unsent: nil, marks: []),
        ])

    static let empty = PageFacts(collector: "perm.example", now: sampleNow, places: [], kiosks: [])
}
