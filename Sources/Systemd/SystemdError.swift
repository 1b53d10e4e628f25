import CSystemd

/// A call of libsystemd or of the kernel that failed.
public struct SystemdError: Error, Equatable, CustomStringConvertible {
    /// The C function.
    public let call: String
    /// The positive errno value.
    public let code: Int32

    init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The errno's C name, such as `EBUSY`.
    public var name: String {
        csystemd_errno_name(code).map { String(cString: $0) } ?? "errno \(code)"
    }

    public var description: String { "\(call) failed (\(name))" }

    /// libsystemd returns errors as negative errno values.
    @discardableResult
    static func check(_ result: Int32, _ call: String) throws(SystemdError) -> Int32 {
        guard result >= 0 else { throw SystemdError(call, code: -result) }
        return result
    }
}
