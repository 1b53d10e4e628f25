import Foundation
import RealPrograms
import Testing

/// `otsenka-kiosk address`: what the image's firewall is opened for.
@Suite struct AddressTests {
    @Test func theFirewallIsToldOfTheCollectorThatTheKioskBelieves() throws {
        let hall = try MaintainedKiosk(online: false)
        let told = try hall.address("--runtime-dir", hall.kiosk.folder + "/run")
        #expect(told.status == 0)
        #expect("http://" + told.text.replacing(" ", with: ":") == hall.kiosk.region.address)
    }

    @Test(arguments: [
        ("https://ratings.region.example", "ratings.region.example 443"), ("https://[::1]:8443", "::1 8443"),
        ("https://10.0.2.2:4433/", "10.0.2.2 4433"),
    ])
    func anEnrolmentFileNamesItToo(collector: String, told: String) throws {
        let hall = try MaintainedKiosk(online: false)
        let file = try hall.write("collector: \(collector)\ncode: ABCD-EFGH-JKMN-PQRS\n", to: "enrol.yaml")
        #expect(try hall.address("--file", file).text == told)
    }

    @Test func aFileThatIsNoneOpensNothing() throws {
        let hall = try MaintainedKiosk(online: false)
        let file = try hall.write("collector: nobody\ncode: ABCD-EFGH-JKMN-PQRS\n", to: "enrol.yaml")
        let told = try hall.address("--file", file)
        #expect(told.status == 65 && told.text.contains("is no collector's address"))
    }
}
