import Foundation
import Testing

/// One at a time: each kernel takes a processor.
@Suite(.serialized, .enabled(if: KernelBench.isWanted, "OTSENKA_SKIP_KERNEL=1"), .timeLimit(.minutes(5)))
enum InsideTheKernel {}

extension InsideTheKernel {
    @Suite struct DeviceTests {
        @Test func fingersMadeByUinputAreEvdevNodesAndAGrabIsExclusive() async throws {
            try await KernelBench.expectSuccess("input.py")
        }

        @Test func fingersAndKeysAreDecodedThroughGrabHotPlugAndLostEvents() async throws {
            let kiosk = try KernelBench.program("otsenka-kiosk").path
            try await KernelBench.expectSuccess("evdev.py", environment: ["KIOSK": kiosk])
        }

        @Test func displayDrawsOnACard() async throws {
            let testbench = try KernelBench.program("otsenka-testbench").path
            try await KernelBench.expectSuccess("drm.py", environment: ["TESTBENCH": testbench])
        }

        @Test(arguments: [32, 16])
        func displayDrawsOnAFramebuffer(bitsPerPixel: Int) async throws {
            let testbench = try KernelBench.program("otsenka-testbench").path
            try await KernelBench.expectSuccess(
                "fbdev.py", runner: ["UML_FRAMEBUFFER": "1280x800-\(bitsPerPixel)@60"],
                environment: ["TESTBENCH": testbench, "BITS": "\(bitsPerPixel)"])
        }
    }
}

extension InsideTheKernel {
    @Suite struct KioskTests {
        /// The screens that the scenario waits for, drawn outside: the kernel's own way through the pixels is what is tried.
        private func draw(into folder: URL) throws {
            let screens = [
                "idle", "question-1", "question-2", "question-3", "question-6", "pressed", "pressed-finish", "thanks",
            ]
            for (name, size) in [("card", "1024x768"), ("framebuffer", "1280x800")] {
                for screen in screens {
                    let file = folder.appending(path: "\(name)-\(screen).png").path
                    let arguments = ["render", "--size", size, "--screen", screen, "--output", file]
                    let render = try Process.run(KernelBench.program("otsenka-kiosk"), arguments: arguments)
                    render.waitUntilExit()
                    try #require(render.terminationStatus == 0)
                }
            }
        }

        /// Runs a scenario that asks for PROGRAMS and PICTURES, and gives what it printed.
        @discardableResult
        private func expectSuccess(_ scenario: String, environment: [String: String] = [:]) async throws -> String {
            let pictures = FileManager.default.temporaryDirectory.appending(path: "pictures-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: pictures) }
            try draw(into: pictures)
            let programs = try KernelBench.program("otsenka-kiosk").deletingLastPathComponent().path
            return try await KernelBench.expectSuccess(
                scenario, runner: ["UML_TIMEOUT": "280"],
                environment: environment.merging(["PROGRAMS": programs, "PICTURES": pictures.path]) { $1 })
        }

        @Test func aFingerBecomesPixelsARecordAndARating() async throws {
            try await expectSuccess("kiosk.py")
        }

        @Test func screensAndPanelsThatComeLateOrChangeAreTakenAgain() async throws {
            let rounds = ProcessInfo.processInfo.environment["OTSENKA_HOTPLUG_ROUNDS"] ?? "3"
            print(try await expectSuccess("hotplug.py", environment: ["ROUNDS": rounds]))
        }
    }
}

extension InsideTheKernel {
    /// The runner's own promises.
    @Suite struct RunnerTests {
        private func run(_ script: String, runner: [String: String] = [:]) async throws -> KernelBench.Result {
            let file = FileManager.default.temporaryDirectory.appending(path: "scenario-\(UUID().uuidString).sh")
            try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
            defer { try? FileManager.default.removeItem(at: file) }
            return try await KernelBench.run(file, runner: runner)
        }

        private func expectNothingLeft(_ result: KernelBench.Result) throws {
            #expect(try KernelBench.processes(of: result.folder) == [])
            try FileManager.default.removeItem(at: result.folder)
        }

        @Test func outputAndStatusOfTheScenarioArePassedOn() async throws {
            let result = try await run("echo spoken; touch /etc/written-by-a-scenario && echo kept > $OUT/kept; exit 3")
            #expect(result.status == 3)
            #expect(result.output == "spoken\n")
            #expect(FileManager.default.fileExists(atPath: result.folder.appending(path: "kept").path))
            #expect(!FileManager.default.fileExists(atPath: "/etc/written-by-a-scenario"))
            try expectNothingLeft(result)
        }

        @Test func aScenarioThatHangsIsEndedWithEverythingThatItStarted() async throws {
            let result = try await run("echo before; sleep 1000 & sleep 1000", runner: ["UML_TIMEOUT": "15"])
            #expect(result.status == 124)
            #expect(result.output.hasPrefix("before\nkernel bench: "))
            try expectNothingLeft(result)
        }

        @Test func aKernelThatPanicsLeavesNothingBehind() async throws {
            let result = try await run("sleep 1000 & echo c > /proc/sysrq-trigger; sleep 1000")
            #expect(result.status == 70)
            try expectNothingLeft(result)
        }

        @Test func aMissingKernelIsAnErrorThatSaysHowToBuildOne() async throws {
            let result = try await run("exit 0", runner: ["UML_KERNEL": "/no/such/kernel"])
            #expect(result.status == 69)
            #expect(
                result.output
                    == "kernel bench: there is no kernel at /no/such/kernel; "
                    + "build it with Tests/kernel-bench/build-kernel.sh\n")
            try expectNothingLeft(result)
        }
    }
}
