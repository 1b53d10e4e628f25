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
