import ArgumentParser
import Collecting
import CollectorWeb
import Curl
import FoundationEssentials
import Glibc
import Ledger
import Logging
import Wire

struct Witness: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cosign another region's daily lists of heads, so that it cannot rewrite its past unseen.",
        discussion: """
            Run by another operator than the region: a neighbour, a ministry, a newspaper. A list is cosigned only if it \
            follows the last one that was cosigned for its region; the others are refused (409 over the network) and \
            what contradicts is named. Every list that was cosigned is kept and published.
            """, subcommands: [Init.self, Add.self, Rekey.self, Sign.self, Serve.self])

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a new witness: its folder and its key.")

        @OptionGroup var folder: FolderOption

        @Option(help: "The name under which it cosigns, such as witness.example; a–z, 0–9, - and .")
        var name: String

        @Option(help: "A name or address under which regions reach it. May be repeated.")
        var hostName: [String] = []

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() throws {
            let hosts = hostName + ["localhost", "127.0.0.1", "::1"].filter { !hostName.contains($0) }
            let made = try WitnessFolder.create(
                FolderOption.absolute(folder.path), name: name, hosts: hosts, now: wallClock() / 1000)
            let facts = [
                "folder": made.data.path, "name": name, "key": made.data.receiptKey.publicKey.base64,
                "pin": try made.data.pin(),
            ]
            if json { return try printJSON(facts) }
            print(
                """
                The witness \(name) was made in \(made.data.path).
                Key   \(facts["key"] ?? "")
                Pin   \(facts["pin"] ?? "")

                Next, for each region:  otsenka-collector witness add --dir \(folder.path) --region NAME --key KEY
                """)
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look after a region: its name and receipt key, as its `init` printed them.")

        @OptionGroup var folder: FolderOption

        @Option(help: "The collector's name.")
        var region: String

        @Option(help: "The collector's receipt key, base64.")
        var key: String

        func run() throws {
            guard let key = PublicKey(base64: key) else {
                throw CollectorFailure(.usage, "--key is not a key in base64; `otsenka-collector init` prints it")
            }
            try WitnessFolder(FolderOption.absolute(folder.path)).add(WitnessedRegion(name: region, key: key))
            print("The lists of \(region) will be cosigned.")
        }
    }

    struct Rekey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Follow a region to its new receipt key, where the region cannot send it over the network itself.",
            discussion: "Each new key counts only if the one before it has signed it; the region's `/v1/keys` says so.")

        @OptionGroup var folder: FolderOption

        @Option(help: "The collector's name.")
        var region: String

        @Option(help: "A file with the answer of the region's /v1/keys.")
        var keys: String

        func run() throws {
            let witness = try WitnessFolder(FolderOption.absolute(folder.path))
            guard let published = try? JSONDecoder().decode(PublishedKeys.self, from: Data(try readFile(keys).utf8))
            else { throw CollectorFailure(.data, "\(keys) is not what a collector's /v1/keys answers; fetch it again") }
            do {
                let known = try witness.follow(published.successions, of: region)
                guard known.contains(published.receiptKey) else {
                    throw CollectorFailure(
                        .data,
                        "\(region) names the receipt key \(published.receiptKey), and no key that is known here "
                            + "has signed it; ask the region, and add nothing by hand")
                }
                print("\(region) signs with its receipt key of generation \(known.count): \(known[known.count - 1])")
            } catch let refusal as WitnessRefusal {
                throw CollectorFailure(.usage, "\(refusal)")
            }
        }
    }

    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cosign lists that came as files, oldest first.",
            discussion: "Ends with 65, and prints what contradicts, where a list does not follow the one before it.")

        @OptionGroup var folder: FolderOption

        @Option(help: "A list of heads. May be repeated.")
        var list: [String]

        @Option(help: "Write the last list with the cosignature to this file (default: print it).")
        var out: String?

        func run() throws {
            let witness = try WitnessFolder(FolderOption.absolute(folder.path))
            var note = ""
            for path in list {
                do {
                    note = try witness.cosign(try readFile(path), now: wallClock() / 1000)
                } catch let refusal as WitnessRefusal {
                    refusal.objection?.lines.forEach { print($0) }
                    throw CollectorFailure(
                        .data, "\(path) is not cosigned: \(refusal); keep both lists and publish them")
                }
            }
            if let out { return try writeFile(out, note) }
            print(note, terminator: "")
        }
    }

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cosign what regions send, and show everybody what was cosigned, until SIGTERM or SIGINT.")

        @OptionGroup var folder: FolderOption

        @Option(help: "The address to listen on (default: 0.0.0.0; with --plain-http-loopback: 127.0.0.1).")
        var host: String?

        @Option(help: "The port; 0 lets the system choose (default: 8444; with --plain-http-loopback: 8082).")
        var port: Int?

        @Flag(help: "Plain HTTP for this machine only, for demonstration and tests.")
        var plainHttpLoopback = false

        func run() async throws {
            let witness = try WitnessFolder(FolderOption.absolute(folder.path))
            let listener =
                plainHttpLoopback
                ? try Listener(plainLoopback: host ?? "127.0.0.1", port: port ?? 8082)
                : try Listener(host: host ?? "0.0.0.0", port: port ?? 8444, tlsOf: witness.data)
            let name = witness.data.settings.name
            let server = WitnessServer(witness, logger: Logger(label: "otsenka-witness"), now: wallClock)
            try await server.serve(listener) { address in
                print("witness \(name) serves \(address)")
                fflush(nil)
            }
        }
    }
}

/// How `serve` is told of its witness.
struct WitnessOption: ParsableArguments {
    @Option(name: .customLong("witness"), help: "The address of a witness that cosigns the daily lists of heads.")
    var address: String?

    @Option(help: "The witness's name.")
    var witnessName: String?

    @Option(help: "The witness's key, base64.")
    var witnessKey: String?

    @Option(help: "The pin of the witness's TLS key, sha256//….")
    var witnessPin: String?

    func validate() throws {
        guard address != nil else { return }
        guard witnessName != nil, witnessKey.flatMap(PublicKey.init(base64:)) != nil else {
            throw ValidationError("--witness needs --witness-name and --witness-key, as `witness init` printed them")
        }
    }

    func client() throws -> CurlWitness? {
        guard let address, let name = witnessName, let key = witnessKey.flatMap(PublicKey.init(base64:)) else {
            return nil
        }
        let channel: Channel
        if address.hasPrefix("http://") {
            channel = .plainLoopback
        } else if let pin = witnessPin.flatMap(KeyPin.init) {
            channel = .pinnedKey(pin)
        } else {
            throw CollectorFailure(.usage, "--witness over https needs --witness-pin, as `witness init` printed it")
        }
        return CurlWitness(
            address: address.last == "/" ? String(address.dropLast()) : address, channel: channel, name: name, key: key)
    }
}

/// A witness over the network.
struct CurlWitness: WitnessClient {
    let address: String
    let channel: Channel
    let name: String
    let key: PublicKey

    func last(of region: String) async throws -> Int64? {
        let body = try await ask("GET", "/v1/witness/\(region)", nil)
        return try JSONDecoder().decode(WitnessStanding.self, from: Data(body)).last
    }

    func introduce(_ keys: PublishedKeys) async throws {
        _ = try await ask("POST", "/v1/witness/\(keys.collector)/keys", [UInt8](JSONEncoder().encode(keys)))
    }

    func cosign(_ note: String, of region: String) async throws -> String {
        String(decoding: try await ask("POST", "/v1/witness/\(region)/lists", Array(note.utf8)), as: UTF8.self)
    }

    /// On a thread of its own: libcurl blocks, and the server needs its few threads.
    private func ask(_ method: String, _ path: String, _ body: [UInt8]?) async throws -> [UInt8] {
        let (url, channel) = (address + path, channel)
        return try await withCheckedThrowingContinuation { continuation in
            Self.onThread {
                continuation.resume(
                    with: Result {
                        var limits = CurlLimits()
                        limits.answerBytes = 64 * 1024 * 1024
                        let session = try CurlSession(channel: channel, limits: limits)
                        let answer = try session.perform(
                            CurlRequest(
                                method: method, url: url,
                                fields: body == nil ? [] : [("Content-Type", "text/plain; charset=utf-8")], body: body))
                        if answer.status == 200 { return answer.body }
                        if let refusal = try? JSONDecoder().decode(WitnessRefusal.self, from: Data(answer.body)) {
                            throw refusal
                        }
                        throw CollectorFailure(.unavailable, "the witness answered \(answer.status) at \(url)")
                    })
            }
        }
    }

    private static func onThread(_ work: @escaping @Sendable () -> Void) {
        final class Box {
            let work: @Sendable () -> Void
            init(_ work: @escaping @Sendable () -> Void) { self.work = work }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(work))
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().work()
                return nil
            }, box.toOpaque())
        guard code == 0 else { return box.takeRetainedValue().work() }
        pthread_detach(thread)
    }
}
