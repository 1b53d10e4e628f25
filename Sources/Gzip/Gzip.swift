import CZlib
import FoundationEssentials

/// One gzip member (RFC 1952), as `Content-Encoding: gzip` carries it.
public enum Gzip {
    /// Compresses at zlib's level 1 (fastest) … 9 (smallest). The same bytes give the same result: no time, no name.
    public static func compress(_ bytes: Data, level: Int = 6) throws(GzipError) -> Data {
        precondition((1...9).contains(level), "zlib has levels 1 to 9")
        var stream = z_stream()
        try check(czlib_start_gzip(&stream, Int32(level)))
        defer { deflateEnd(&stream) }
        let bound = deflateBound(&stream, uLong(bytes.count))
        let result = run(&stream, input: bytes, capacity: Int(bound)) { deflate(&$0, Z_FINISH) }
        guard result.code == Z_STREAM_END else { throw .zlib(code: result.code) }
        return result.output
    }

    /// Takes exactly one member apart into at most `limit` bytes, never allocating more than that: a bomb is refused by
    /// its size, whatever its header says.
    public static func decompress(_ bytes: Data, atMost limit: Int) throws(GzipError) -> Data {
        var stream = z_stream()
        try check(czlib_start_gunzip(&stream))
        defer { inflateEnd(&stream) }
        // One byte more than the limit tells "just fits" from "too long".
        let result = run(&stream, input: bytes, capacity: limit + 1) { inflate(&$0, Z_FINISH) }
        guard result.output.count <= limit else { throw .tooLong(limit: limit) }
        switch result.code {
        case Z_STREAM_END: break
        case Z_OK, Z_BUF_ERROR: throw .truncated
        default: throw .zlib(code: result.code)
        }
        guard result.rest == 0 else { throw .trailingBytes(result.rest) }
        return result.output
    }

    private static func run(
        _ stream: inout z_stream, input: Data, capacity: Int, _ step: (inout z_stream) -> Int32
    ) -> (code: Int32, output: Data, rest: Int) {
        var code = Z_OK
        var rest = 0
        let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
            input.withUnsafeBytes { source in
                stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
                stream.avail_in = uInt(source.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = uInt(buffer.count)
                code = step(&stream)
                rest = Int(stream.avail_in)
            }
            filled = capacity - Int(stream.avail_out)
        }
        return (code, Data(output), rest)
    }

    private static func check(_ code: Int32) throws(GzipError) {
        guard code == Z_OK else { throw .zlib(code: code) }
    }
}

/// Why bytes are not one gzip member of the allowed size.
public enum GzipError: Error, Equatable, CustomStringConvertible {
    /// zlib's own verdict, such as `Z_DATA_ERROR` for damage.
    case zlib(code: Int32)
    case truncated
    case tooLong(limit: Int)
    case trailingBytes(Int)

    public var description: String {
        switch self {
        case .zlib(let code): "the gzip data cannot be read (\(Self.name(of: code)))"
        case .truncated: "the gzip data ends too early"
        case .tooLong(let limit): "the gzip data holds more than \(limit) bytes"
        case .trailingBytes(let count): "\(count) bytes follow the gzip data"
        }
    }

    private static func name(of code: Int32) -> String {
        switch code {
        case Z_NEED_DICT: "Z_NEED_DICT"
        case Z_STREAM_ERROR: "Z_STREAM_ERROR"
        case Z_DATA_ERROR: "Z_DATA_ERROR"
        case Z_MEM_ERROR: "Z_MEM_ERROR"
        case Z_VERSION_ERROR: "Z_VERSION_ERROR"
        default: "zlib \(code)"
        }
    }
}
