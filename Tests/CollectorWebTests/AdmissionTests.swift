import Logging
import Testing
import Wire

@testable import CollectorWeb

@Suite struct AdmissionTests {
    private func admission(_ change: (inout WebLimits) -> Void) -> Admission {
        var limits = WebLimits()
        change(&limits)
        return Admission(limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { 1000 }
    }

    @Test func `a kiosk with a share left passes before its signature, one without does not`() throws {
        let admission = admission { $0.kioskBurst = 2 }
        for _ in 1...3 { try admission.checkShare(of: "a") }
        for _ in 1...2 { try admission.admit(kiosk: "a") }
        let refused = #expect(throws: Refused.self) { try admission.checkShare(of: "a") }
        #expect(refused?.retryAfter == 1 && refused?.refusal.error == .tooMany)
        try admission.checkShare(of: "b")
    }

    @Test func `a third request of a kiosk is refused while two are at work, and taken after`() async throws {
        let admission = admission { $0.connectionsPerKiosk = 2 }
        try await admission.work(for: "a") {
            try await admission.work(for: "a") {
                await #expect(throws: Refused.self) { try await admission.work(for: "a") {} }
                try await admission.work(for: "b") {}
            }
            try await admission.work(for: "a") {}
        }
    }

    @Test func `an address has so many connections and no more`() {
        let addresses = Addresses()
        #expect(addresses.enter("a", atMost: 2) && addresses.enter("a", atMost: 2))
        #expect(!addresses.enter("a", atMost: 2))
        #expect(addresses.enter("b", atMost: 2))
        addresses.leave("a")
        #expect(addresses.enter("a", atMost: 2))
    }
}
