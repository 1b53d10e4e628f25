import Testing

@testable import KioskShell

@Suite struct ReadinessTests {
    private static let ready = Readiness(
        hasDrawn: true, isEnrolled: true, isStartOnRecord: true, hasInput: true, isInputForbidden: false)

    @Test func aKioskThatDrewStoredAndOpenedItsInputMissesNothing() {
        #expect(Self.ready.missing == [])
    }

    @Test func aProgramThatIsOnlyAliveMissesWhatItHasNotShown() {
        var alive = Readiness()
        #expect(alive.missing == ["nothing was drawn on a display"])
        alive.isEnrolled = true
        #expect(alive.missing.count == 2)
    }

    @Test func eachThingThatIsNotShownHasItsSentence() {
        for (change, sentence) in [
            ({ $0.hasDrawn = false }, "nothing was drawn on a display"),
            ({ $0.isStartOnRecord = false }, "the store has not taken the record of this start"),
            (
                {
                    $0.hasInput = false
                    $0.isInputForbidden = true
                }, "an input device is there and may not be opened"
            ),
        ] as [((inout Readiness) -> Void, String)] {
            var readiness = Self.ready
            change(&readiness)
            #expect(readiness.missing == [sentence])
        }
    }

    @Test func aKioskThatIsNotEnrolledHasNothingToPutOnRecord() {
        var readiness = Self.ready
        (readiness.isEnrolled, readiness.isStartOnRecord) = (false, false)
        #expect(readiness.missing == [])
    }

    @Test func aKioskWithoutAnyInputDeviceIsNotTheReleasesFault() {
        var readiness = Self.ready
        readiness.hasInput = false
        #expect(readiness.missing == [])
    }
}
