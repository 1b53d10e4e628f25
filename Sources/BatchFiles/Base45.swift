// Base45 (RFC 9285): bytes in the 45 characters of a QR code's alphanumeric mode, 16 bits in 16.5 bits of the code.
//
// Two bytes are a number below 65536, written as three digits of base 45, the least first; a byte left over is two digits.
// No Swift package for it is at hand, and base64 in byte mode would cost a third more codes.

import FoundationEssentials

enum Base45 {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    static func encode(_ data: Data) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(data.count / 2 * 3 + 2)
        var bytes = data.makeIterator()
        while let first = bytes.next() {
            guard let second = bytes.next() else {
                text += [alphabet[Int(first) % 45], alphabet[Int(first) / 45]]
                break
            }
            let number = Int(first) << 8 | Int(second)
            text += [alphabet[number % 45], alphabet[number / 45 % 45], alphabet[number / 2025]]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nothing for another character, a left-over digit, or digits that stand for more than two bytes hold.
    static func decode(_ text: Substring) -> Data? {
        var data = Data()
        var digits: [Int] = []
        for character in text.utf8 {
            guard let value = values[Int(character)] else { return nil }
            digits.append(Int(value))
            guard digits.count == 3 else { continue }
            let number = digits[0] + 45 * digits[1] + 2025 * digits[2]
            guard number <= 0xFFFF else { return nil }
            data.append(UInt8(number >> 8))
            data.append(UInt8(number & 0xFF))
            digits = []
        }
        switch digits.count {
        case 0: return data
        case 2 where digits[0] + 45 * digits[1] <= 0xFF:
            data.append(UInt8(digits[0] + 45 * digits[1]))
            return data
        default: return nil
        }
    }
}
