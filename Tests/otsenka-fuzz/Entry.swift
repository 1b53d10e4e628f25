// otsenka-fuzz: one decoder under libFuzzer, named by OTSENKA_DECODER. `--seeds DIRECTORY` (as the only argument) writes the
// seeds of every decoder, `--list` tells the decoders and their sources. `.make/fuzz` builds and starts it.

import Decoders
import FoundationEssentials
import Glibc

private let decoder: Decoder = {
    guard let name = getenv("OTSENKA_DECODER").map({ String(cString: $0) }), let decoder = Decoder.named(name) else {
        print("otsenka-fuzz: OTSENKA_DECODER names none of \(Decoder.all.map(\.name).joined(separator: ", "))")
        exit(64)
    }
    return decoder
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func takeOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    decoder.take(Data(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initialise(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
    let words = (0..<Int(count.pointee)).compactMap { arguments.pointee?[$0].map { String(cString: $0) } }
    if words.dropFirst().first == "--list" {
        for decoder in Decoder.all { print(decoder.name, decoder.sources.joined(separator: " ")) }
        exit(0)
    }
    if words.dropFirst().first == "--seeds", words.count == 3 {
        do {
            try writeSeeds(under: words[2])
            exit(0)
        } catch {
            print("otsenka-fuzz: the seeds cannot be written: \(error)")
            exit(73)
        }
    }
    return 0
}

private func writeSeeds(under folder: String) throws {
    for decoder in Decoder.all {
        let path = "\(folder)/\(decoder.name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (number, seed) in try decoder.seeds().enumerated() {
            try seed.write(to: URL(filePath: "\(path)/seed-\(number)"))
        }
    }
}
