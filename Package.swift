// swift-tools-version: 6.3
import PackageDescription

// `Sources` is flat; arrows point down only: programs → adapters → policy → vocabulary, and adapters → wrappers → C.
// Tests/TidyTests reads this file's layers and refuses an arrow that points up.

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let structuredFields = Target.Dependency.product(
    name: "RawStructuredFieldValues", package: "swift-http-structured-headers")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func c(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}
func tests(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
        swiftSettings: strict)
}

let cModules: [Target] = [
    c("CEvdev", pkgConfig: "libevdev", apt: "libevdev-dev"),
    c("CMtdev", pkgConfig: "mtdev", apt: "libmtdev-dev"),
    c("CUdev", pkgConfig: "libudev", apt: "libudev-dev"),
    c("CDRM", pkgConfig: "libdrm", apt: "libdrm-dev"),
    c("CPangoCairo", pkgConfig: "pangocairo", apt: "libpango1.0-dev"),
    c("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    c("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    c("CQREncode", pkgConfig: "libqrencode", apt: "libqrencode-dev"),
    c("CSystemd", pkgConfig: "libsystemd", apt: "libsystemd-dev"),
    .target(name: "CConsole"),
    .target(name: "CUnixSocket"),
    .target(name: "CSQLiteConfiguration"),
]

let wrappers: [Target] = [
    module("Evdev", ["CEvdev", "CMtdev", "CUdev"]),
    module("Display", ["CDRM", "CConsole"]),
    module("Drawing", ["CPangoCairo"]),
    module("Curl", ["CCurl"]),
    module("Gzip", ["CZlib"]),
    module("QRCode", ["CQREncode"]),
    module("Systemd", ["CSystemd"]),
    module("UnixSocket", ["CUnixSocket"]),
]

let vocabulary: [Target] = [
    module("Ratings"),
    module("Ledger", [crypto]),
    module("Wire", ["Ratings", "Ledger", crypto, structuredFields]),
    module("BatchFiles", ["Ratings", "Ledger", "Wire", crypto]),
    module("KioskControl", ["Ratings", "Ledger"]),
]

let policy: [Target] = [
    module("Dialog", ["Ratings"]),
    module("Delivery", ["KioskControl", "Ledger", "Wire"]),
    module("Collecting", ["Ratings", "Ledger", "Wire", "BatchFiles", crypto]),
    module("Reporting", ["Ratings"]),
]

let adapters: [Target] = [
    module("Questionnaires", ["Ratings", yams], resources: [.embedInCode("default.yaml")]),
    module("BatchFolder", ["BatchFiles"]),
    module("KioskJournal", ["Ratings", "Ledger", "Wire", "BatchFiles", "Gzip", grdb, sqlite, crypto]),
    module("DialogScreens", ["Ratings", "Dialog", "Drawing"]),
    module("KioskWeb", [hummingbird, httpTypes, logging, serviceLifecycle], resources: [.embedInCode("page.html")]),
    module(
        "KioskShell",
        [
            "Ratings", "Ledger", "Wire", "KioskControl", "Dialog", "DialogScreens", "KioskJournal", "KioskWeb",
            "Questionnaires",
            "Evdev", "Display", "Drawing", "Systemd", "UnixSocket", configuration, yams, crypto, logging,
        ]),
    module(
        "Uplink",
        ["Ratings", "Ledger", "Wire", "KioskControl", "Delivery", "Curl", "Gzip", "UnixSocket", crypto, logging]),
    module("CollectorSQLite", ["CSQLiteConfiguration", "Ratings", "Ledger", "Collecting", grdb, sqlite]),
    module(
        "CollectorWeb",
        [
            "Ratings", "Ledger", "Wire", "BatchFiles", "Collecting", "Reporting", "Gzip", hummingbird, hummingbirdTLS,
            httpTypes,
            mustache, crypto, x509, logging, metrics, serviceLifecycle,
        ], resources: [.embedInCode("Resources")]),
]

let programs: [Target] = [
    program(
        "otsenka-kiosk",
        [
            "KioskShell", "KioskControl", "Uplink", "Evdev", "Display", "Drawing", "DialogScreens", "Questionnaires",
            "Systemd", "UnixSocket", "BatchFiles", "BatchFolder", "QRCode", "Ledger", "Ratings",
            argumentParser, logging,
        ]),
    program(
        "otsenka-collector",
        [
            "CollectorWeb", "CollectorSQLite", "Collecting", "Reporting", "Curl", "BatchFiles", "BatchFolder",
            "QRCode", "Systemd", "Wire", "Ledger", argumentParser, logging, serviceLifecycle,
        ]),
    program(
        "otsenka-bench",
        [
            "RealPrograms", "CollectorSQLite", "Curl", "Dialog", "DialogScreens", "Drawing", "FakeKiosk", "Gzip",
            "KioskControl",
            "KioskJournal", "Ledger", "Questionnaires", "Ratings", "Wire", argumentParser, sqlite,
        ]),
]

/// What only tests, the bench and the torture use.
let helpers: [Target] = [
    .target(
        name: "RealPrograms", dependencies: ["Curl", "KioskControl"], path: "Tests/RealPrograms", swiftSettings: strict),
    .target(
        name: "Decoders",
        dependencies: [
            "BatchFiles", "Collecting", "Delivery", "Evdev", "Gzip", "KioskControl", "Ledger", "Questionnaires",
            "Ratings",
            "UnixSocket", "Wire",
        ], path: "Tests/Decoders", swiftSettings: strict),
    .target(name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: strict),
    .target(
        name: "Torture", dependencies: ["RealPrograms", "SeededRandom"], path: "Tests/Torture", swiftSettings: strict),
    .target(
        name: "TortureJournal",
        dependencies: [
            "Torture", "RealPrograms", "SeededRandom", "KioskJournal", "Ledger", "Ratings", "Curl", "KioskControl",
            grdb,
        ], path: "Tests/TortureJournal", swiftSettings: strict),
    .target(
        name: "TortureUplink",
        dependencies: [
            "Torture", "RealPrograms", "SeededRandom", "BatchFiles", "Collecting", "CollectorSQLite", "Curl",
            "Delivery",
            "FakeKiosk", "Gzip", "KioskControl", "KioskJournal", "Ledger", "Ratings", "UnixSocket", "Wire", grdb,
        ], path: "Tests/TortureUplink", swiftSettings: strict),
    .target(
        name: "TortureCollector",
        dependencies: [
            "Torture", "RealPrograms", "SeededRandom", "FakeKiosk", "Collecting", "CollectorSQLite", "CollectorWeb",
            "Curl", "Gzip", "Ledger", "Ratings", "Wire", grdb,
        ], path: "Tests/TortureCollector", swiftSettings: strict),
    .target(
        name: "TortureSimulation",
        dependencies: [
            "Collecting", "CollectorMemory", "Delivery", "Dialog", "KioskControl", "KioskJournal", "Ledger", "Ratings",
            "SeededRandom", "Torture", "Wire",
        ], path: "Tests/TortureSimulation", swiftSettings: strict),
    .target(
        name: "TortureTime",
        dependencies: [
            "Torture", "TortureUplink", "RealPrograms", "SeededRandom", "Collecting", "CollectorSQLite", "Curl",
            "FakeKiosk", "KioskControl", "KioskShell", "Ledger", "Ratings", "Wire", crypto, x509,
        ], path: "Tests/TortureTime", swiftSettings: strict),
    .target(
        name: "Appliance",
        dependencies: [
            "Collecting", "CollectorSQLite", "CollectorWeb", "Dialog", "DialogScreens", "Drawing", "Questionnaires",
            "Ratings", "RealPrograms", "SeededRandom", "Torture", "TortureUplink",
        ], path: "Tests/Appliance", swiftSettings: strict),
    .target(
        name: "CollectorMemory", dependencies: ["Collecting", "Ledger", "Ratings"], path: "Tests/CollectorMemory",
        swiftSettings: strict),
    .target(
        name: "FakeKiosk", dependencies: ["Ratings", "Ledger", "Wire", "Collecting", "SeededRandom"],
        path: "Tests/FakeKiosk",
        swiftSettings: strict),
]

let testTargets: [Target] = [
    tests("Evdev"),
    tests("Display", ["SeededRandom", "otsenka-testbench"]),
    tests("Drawing"),
    tests("Curl"),
    tests("Gzip"),
    tests("Systemd"),
    tests("UnixSocket"),
    tests("Ratings"),
    tests("Ledger", [crypto]),
    tests("Wire", [crypto]),
    tests("KioskControl"),
    tests("Dialog"),
    tests("Delivery"),
    tests(
        "Collecting",
        [
            "BatchFiles", "CollectorMemory", "CollectorSQLite", "FakeKiosk", "SeededRandom", "Ledger", "Ratings",
            "Wire",
        ]),
    tests("Reporting"),
    tests("Questionnaires"),
    tests("KioskJournal", [grdb, sqlite, crypto, "SeededRandom"]),
    .executableTarget(
        name: "journal-writer", dependencies: ["KioskJournal", "Ledger", "Ratings", grdb, sqlite],
        path: "Tests/journal-writer", swiftSettings: strict),
    tests("DialogScreens", ["Questionnaires"], exclude: ["Golden"]),
    tests("KioskWeb", [hummingbirdTesting]),
    tests(
        "KioskShell",
        [
            "Dialog", "DialogScreens", "Display", "Evdev", "KioskControl", "Questionnaires", "Ratings", "Systemd",
            "otsenka-kiosk", logging,
        ]),
    tests("Uplink", [hummingbird, crypto]),
    tests(
        "CollectorSQLite",
        ["FakeKiosk", "SeededRandom", "TortureCollector", "Collecting", "Ledger", "Ratings", "Wire", grdb]),
    tests(
        "CollectorWeb", [hummingbirdTesting, crypto, "CollectorSQLite", "Curl", "FakeKiosk", "otsenka-collector"]),
    .testTarget(name: "TidyTests", swiftSettings: strict),
    tests("BatchFiles", ["Ledger", "Ratings", "SeededRandom", "Wire"]),
    .testTarget(
        name: "OfflineHallTests",
        dependencies: [
            "TortureUplink", "Torture", "RealPrograms", "BatchFiles", "Collecting", "Gzip", "Ledger", "SeededRandom",
            "Wire",
            "otsenka-kiosk", "otsenka-collector",
        ], swiftSettings: strict),
    .testTarget(
        name: "MaintenanceTests",
        dependencies: [
            "KioskControl", "RealPrograms", "SeededRandom", "UnixSocket", "otsenka-kiosk", "otsenka-collector",
        ], swiftSettings: strict),
    tests("Torture"),
    tests("Appliance", ["RealPrograms", "SeededRandom"]),
    tests("TortureJournal", ["Torture", "RealPrograms", "journal-writer", "otsenka-kiosk"]),
    tests(
        "TortureUplink",
        [
            "Torture", "RealPrograms", "SeededRandom", "Delivery", "Ledger", "otsenka-kiosk", "otsenka-collector",
            "hasty-uplink",
        ]),
    .executableTarget(
        name: "hasty-uplink", dependencies: ["Uplink", argumentParser, logging], path: "Tests/hasty-uplink",
        swiftSettings: strict),
    tests("Decoders", ["SeededRandom"], exclude: ["Corpus"]),
    tests("TortureSimulation", ["Torture"]),
    tests(
        "TortureTime",
        ["Torture", "RealPrograms", "SeededRandom", "KioskShell", "otsenka-kiosk", "otsenka-collector", "hasty-uplink"]),
    tests(
        "TortureCollector",
        [
            "Torture", "Collecting", "KioskControl", "Ledger", "RealPrograms", "SeededRandom", "otsenka-collector",
            "otsenka-kiosk", "wrong-collector",
        ]),
    .executableTarget(
        name: "wrong-collector",
        dependencies: ["Collecting", "CollectorSQLite", "CollectorWeb", "Ledger", "Ratings", grdb, logging],
        path: "Tests/wrong-collector", swiftSettings: strict),
    .executableTarget(
        name: "otsenka-torture",
        dependencies: [
            "Torture", "TortureJournal", "TortureUplink", "TortureCollector", "TortureSimulation", "TortureTime",
            "RealPrograms", "otsenka-kiosk", "otsenka-collector", "hasty-uplink", "journal-writer", argumentParser,
        ], path: "Tests/otsenka-torture", swiftSettings: strict),
    .executableTarget(
        name: "otsenka-appliance",
        dependencies: ["Appliance", "RealPrograms", "Torture", "otsenka-collector", argumentParser],
        path: "Tests/otsenka-appliance", swiftSettings: strict),
    .testTarget(
        name: "DemoTests", dependencies: ["otsenka-kiosk", "otsenka-collector"], swiftSettings: strict),
    .testTarget(
        name: "KernelTests", dependencies: ["otsenka-testbench", "otsenka-kiosk", "otsenka-collector"],
        swiftSettings: strict),
    .executableTarget(
        name: "racy-counter", dependencies: ["RealPrograms", "Systemd", argumentParser], path: "Tests/racy-counter",
        swiftSettings: strict),
    .executableTarget(
        name: "otsenka-testbench", dependencies: ["Display"], path: "Tests/otsenka-testbench", swiftSettings: strict),
]

/// libFuzzer brings its own `main`, so this program exists only where `.make/fuzz` asks for it.
let fuzzing: [Target] =
    Context.environment["OTSENKA_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "otsenka-fuzz", dependencies: ["Decoders"], path: "Tests/otsenka-fuzz",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
    ]

let package = Package(
    name: "otsenka",
    products: [
        .executable(name: "otsenka-kiosk", targets: ["otsenka-kiosk"]),
        .executable(name: "otsenka-collector", targets: ["otsenka-collector"]),
        .executable(name: "otsenka-bench", targets: ["otsenka-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: cModules + wrappers + vocabulary + policy + adapters + programs + helpers + testTargets + fuzzing,
    swiftLanguageModes: [.v6]
)
