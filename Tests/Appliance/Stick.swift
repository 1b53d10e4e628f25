import Foundation
import RealPrograms

/// A USB stick of 256 MiB with a FAT file system, as a technician's computer sees it while it is not plugged in.
struct Stick {
    /// Its name as a device of QEMU.
    static let device = "stick-device"
    fileprivate static let node = "stick-file"
    private let folder: String
    fileprivate var image: String { folder + "/stick.img" }
    private var log: String { folder + "/stick.log" }

    /// Makes a new one in the folder.
    init(in folder: String) throws {
        self.folder = folder
        try? FileManager.default.removeItem(atPath: image)
        try tool(["mkfs.vfat", "-C", image, "\(256 << 10)"])
    }

    func put(_ text: String, as name: String) throws {
        let path = folder + "/" + name
        try Data(text.utf8).write(to: URL(filePath: path))
        try put(file: path, as: name)
    }

    func put(file: String, as name: String) throws { try tool(["mcopy", "-o", "-i", image, file, "::/" + name]) }

    func names(in directory: String) throws -> [String] {
        String(decoding: try tool(["mdir", "-b", "-i", image, "::/" + directory]), as: UTF8.self)
            .split(separator: "\n").compactMap { $0.split(separator: "/").last.map(String.init) }
    }

    /// Copies a directory's files; gives the folder that they are in.
    func take(_ directory: String) throws -> String {
        let place = folder + "/carried"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try tool(["mcopy", "-n", "-i", image, "::/\(directory)/*", place])
        return place
    }

    @discardableResult
    private func tool(_ words: [String]) throws -> Data { try Child.output(words, log: log) }
}

extension Emulator {
    func plug(_ stick: Stick) throws {
        // One that was pulled out before is known already.
        try? add("blockdev-del", ["node-name": Stick.node])
        try add("blockdev-add", ["driver": "file", "filename": stick.image, "node-name": Stick.node])
        try plug("usb-storage", id: Stick.device, ["drive": Stick.node, "bus": "usb.0", "port": "3"])
    }
}
