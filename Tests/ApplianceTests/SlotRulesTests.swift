import Foundation
import RealPrograms
import Testing

/// The rules by which a kiosk takes an update and leaves one (G35–G37), as the image's own scripts keep them, over a folder in
/// place of the boot partition. What needs a kernel with verity, a mount or a boot loader is for `make test-image`.
@Suite struct SlotRulesTests {
    private let kiosk: KioskFolder

    init() throws { kiosk = try KioskFolder(running: "a", version: "1.0", programs: ["otsenka-a.efi"]) }

    @Test func aNewerBundleIsTakenAndItsSlotHasThreeStarts() throws {
        try kiosk.offer("1.0.1")
        #expect(try kiosk.run("update-check") == 0)
        #expect(try kiosk.run("update-boot") == 0)
        #expect(try kiosk.programs() == ["otsenka-a.efi", "otsenka-b+3.efi"])
        #expect(try kiosk.text("EFI/Linux/otsenka-b+3.efi") == "program of slot b")
        #expect(try kiosk.run("boot-slots", "get-primary") == 0)
        #expect(kiosk.printed() == "b")
    }

    @Test(arguments: ["1.0", "0.9", "1.0~rc1"]) func whatIsNotNewerIsRefusedWithItsReason(version: String) throws {
        try kiosk.offer(version)
        #expect(try kiosk.run("update-check") == 77)
        #expect(try kiosk.text("reason").contains("its version \(version) is"))
    }

    @Test func whatIsOlderThanAnyThatProvedItselfIsRefused() throws {
        try kiosk.write("3.0", to: "state/floor")
        try kiosk.offer("2.0")
        #expect(try kiosk.run("update-check") == 77)
        #expect(try kiosk.text("reason").contains("older than 3.0"))
        try kiosk.offer("3.0")
        #expect(try kiosk.run("update-check") == 0)
    }

    @Test func aBundleWithoutAProgramForEachSlotIsRefused() throws {
        try kiosk.offer("2.0")
        try kiosk.write("", to: "bundle/otsenka-b.efi")
        #expect(try kiosk.run("update-check") == 77)
        #expect(try kiosk.text("reason").contains("no program for slot b"))
    }

    @Test func aVersionOnTrialInstallsNothingOverTheGoodOne() throws {
        let trial = try KioskFolder(running: "b", version: "2.0", programs: ["otsenka-a.efi", "otsenka-b+0-3.efi"])
        try trial.offer("3.0")
        #expect(try trial.run("update-check") == 77)
        #expect(try trial.text("reason").contains("on trial itself"))
    }

    @Test(arguments: ["otsenka-b+2-1.efi", "otsenka-b+0-3.efi", "otsenka-b.efi"])
    func aSlotThatProvedItselfLosesItsCount(program: String) throws {
        try kiosk.write("b", to: "EFI/Linux/\(program)")
        #expect(try kiosk.run("boot-slots", "set-state", "b", "good") == 0)
        #expect(try kiosk.programs() == ["otsenka-a.efi", "otsenka-b.efi"])
    }

    @Test func aSlotWithoutStartsIsBadAndTheOtherStarts() throws {
        try kiosk.write("b", to: "EFI/Linux/otsenka-b+0-3.efi")
        #expect(try kiosk.run("boot-slots", "get-state", "b") == 0)
        #expect(kiosk.printed() == "bad")
        #expect(try kiosk.run("boot-slots", "get-primary") == 0)
        #expect(kiosk.printed() == "a")
    }

    @Test func theLastSlotThatStartsIsNeverTakenAway() throws {
        #expect(try kiosk.run("boot-slots", "set-state", "a", "bad") == 77)
        try kiosk.write("b", to: "EFI/Linux/otsenka-b+0-3.efi")
        #expect(try kiosk.run("boot-slots", "set-state", "a", "bad") == 77)
        #expect(try kiosk.programs() == ["otsenka-a.efi", "otsenka-b+0-3.efi"])
        #expect(try kiosk.run("boot-slots", "set-state", "b", "bad") == 0)
        #expect(try kiosk.programs() == ["otsenka-a.efi"])
    }

    /// A cut within a rename leaves two names for one file; fsck.fat empties the second.
    @Test func anEmptyNameThatACutHasLeftCountsForNothing() throws {
        try kiosk.write("", to: "EFI/Linux/otsenka-b.efi")
        try kiosk.write("b", to: "EFI/Linux/otsenka-b+2-1.efi")
        #expect(try kiosk.run("boot-slots", "set-state", "b", "good") == 0)
        #expect(try kiosk.programs() == ["otsenka-a.efi", "otsenka-b.efi"])
        #expect(try kiosk.text("EFI/Linux/otsenka-b.efi") == "b")
    }
}
