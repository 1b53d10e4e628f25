/// Names of files: they sort in the order in which the files are imported.
public enum BatchName {
    public static let batchSuffix = ".batch"
    public static let receiptSuffix = ".receipt"

    /// `central-1-e000001-r000000000001-000000000500.batch`
    public static func batch(_ file: BatchFile) -> String {
        "\(file.kiosk)-e\(padded(Int64(file.epoch), 6))-r\(padded(file.first, 12))-\(padded(file.last, 12))"
            + batchSuffix
    }

    /// Where the receipt of the batch file `name` stands; another name gets the suffix behind it.
    public static func receipt(of name: String) -> String {
        (name.hasSuffix(batchSuffix) ? String(name.dropLast(batchSuffix.count)) : name) + receiptSuffix
    }

    private static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

extension BatchFile {
    /// The order of import: kiosk by kiosk, epoch by epoch, by sequence.
    public static func comesBefore(_ a: BatchFile, _ b: BatchFile) -> Bool {
        (a.kiosk.rawValue, a.epoch, a.first, a.last) < (b.kiosk.rawValue, b.epoch, b.first, b.last)
    }
}
