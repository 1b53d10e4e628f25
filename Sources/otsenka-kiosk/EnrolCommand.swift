import ArgumentParser
import Glibc
import KioskControl
import KioskShell
import Uplink

/// `otsenka-kiosk enrol`
struct EnrolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Enrol this kiosk with a region's collector by a one-time code.",
        discussion: """
            The code, the address and the pin come from `otsenka-collector kiosk add`. The code itself is never sent. If \
            the network fails, run the command again with the same code. Compare the six words with the collector's.
            Ends with 64 for a mistyped argument, 69 when run or the collector does not answer, 77 when the code or the \
            collector's key is refused, 75 when it should be tried again.
            """)

    @OptionGroup var runtime: RuntimeOptions
    @OptionGroup var state: UplinkStateOptions

    @Option(help: "The collector's address, https://host:port.")
    var collector: String?

    @Option(help: "The one-time code; any case, with or without hyphens. Other users of this machine can see it in ps.")
    var code: String?

    @Option(help: ArgumentHelp("Read the code from this file, or from standard input for “-”.", valueName: "path"))
    var codeFile: String?

    @Option(help: "The pin of the collector's key, sha256//BASE64.")
    var pin: String?

    @Option(
        help: ArgumentHelp(
            "Read address, code and pin from a YAML file with the keys collector, code and pin.", valueName: "path"))
    var file: String?

    func validate() throws {
        if file != nil {
            guard collector == nil, code == nil, codeFile == nil, pin == nil else {
                throw ValidationError("with --file, address, code and pin come from the file; leave the others out")
            }
            return
        }
        guard collector != nil else { throw ValidationError("give --collector, or --file with all of it") }
        guard (code == nil) != (codeFile == nil) else {
            throw ValidationError(
                "give the code once: with --code-file - it is typed unseen, with --code others can see it")
        }
    }

    func run() throws {
        let words = try words()
        var plan = EnrolmentPlan(
            collector: words.collector, code: words.code, pin: words.pin, hardware: Release.hardwareDigest())
        plan.runtimeFolder = runtime.runtimeDir
        plan.stateFolder = state.stateDir
        plan.allowPlainLoopback = state.allowPlainLoopback
        do throws(UplinkError) {
            let enroller = try Enroller(plan)
            if let identity = try enroller.identityByThisCode() {
                return print("this code has enrolled the kiosk as \(identity.kiosk) before; nothing is left to do")
            }
            let result = try enroller.enrol()
            print(
                "enrolled as \(result.identity.kiosk), epoch \(result.identity.epoch), with \(result.identity.collector)"
            )
            print("compare these words with the collector's: \(result.words.joined(separator: " "))")
        } catch {
            let isInFile = file != nil && error.exitStatus == 64
            if let trouble = error.trouble ?? (isInFile ? .file : nil) { tell(trouble) }
            throw Failure(status: error.exitStatus, message: error.description)
        }
    }

    private func tell(_ trouble: EnrolmentTrouble) { Enroller.tell(trouble, runtimeFolder: runtime.runtimeDir) }

    private func words() throws -> EnrolmentFile {
        guard let file else {
            return EnrolmentFile(
                collector: collector ?? "", code: try code ?? Self.code(from: codeFile ?? "-"), pin: pin)
        }
        do throws(SettingsError) { return try EnrolmentFile.load(file: file) } catch {
            tell(.file)
            throw Failure(status: 65, message: error.description)
        }
    }

    /// More is no code.
    private static let longestCode = 256

    /// The first line of the file.
    private static func code(from path: String) throws -> String {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor > STDIN_FILENO { close(descriptor) } }
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < longestCode {
            let count = read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let cause = String(cString: strerror(errno))
                throw Failure(
                    status: 74, message: "the code cannot be read from \(path) (\(cause)); give another --code-file")
            }
            guard count == 1, byte != UInt8(ascii: "\n") else { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    }
}
