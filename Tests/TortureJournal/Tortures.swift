import Torture

/// The part `journal`.
public enum JournalTortures {
    public static let all: [Torture] = [
        Torture("G1 process kill", tries: 9_000) { trial in try ProcessKill().run(trial) },
        Torture("G1 process kill of otsenka-kiosk", tries: 1_000) { trial in try KioskKill().run(trial) },
        Torture("G19 kill between receipt and compaction", tries: 5_000) { trial in
            try ProcessKill(promise: "G19 kill between receipt and compaction", options: ["--receipts"]).run(trial)
        },
        Torture("G3 crash points", tries: 50_000) { trial in try CrashPoints().run(trial) },
        Torture("G5 failing calls", tries: 10_000) { trial in try FailingCalls(subject: .writer).run(trial) },
        Torture("G5 failing calls of otsenka-kiosk", tries: 10_000) { trial in
            try FailingCalls(subject: .kiosk).run(trial)
        },
        Torture("G6 full disk", tries: 500) { trial in try FullDisk().run(trial) },
        Torture("G8 damage", tries: 3_100) { trial in try Damage().run(trial) },
        Torture("G9 sixteen openers", tries: 100) { trial in try Openers().run(trial) },
        Torture("G9 migration cut at each call", tries: 1_000) { trial in try CutMigration().run(trial) },
        Torture("G10 start with 200000 unsent records", tries: 9) { trial in try QuickStart().run(trial) },
        Torture("G13 press to thanks with 200000 unsent records", tries: 400) { trial in try QuickThanks().run(trial) },
    ]
}
