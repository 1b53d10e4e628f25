/// What a visitor with a keyboard may try (`reliability.md` §5.4), by QEMU's names of the keys.
enum Chords {
    private static let functionKeys = (1...12).map { "f\($0)" }
    private static let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
    private static let modifiers = ["shift", "ctrl", "alt", "meta_l", "alt_r"]

    /// Console switching, killing, SysRq, flow control: everything that is known to lead out of a dialog on Linux.
    static let ways: [[String]] =
        functionKeys.flatMap { [["ctrl", "alt", $0], ["alt", $0], ["ctrl", $0], ["meta_l", $0], [$0]] }
        + [
            ["alt", "left"], ["alt", "right"], ["alt", "up"], ["ctrl", "alt", "delete"], ["ctrl", "alt", "backspace"],
            ["ctrl", "alt", "kp_add"], ["ctrl", "alt", "kp_subtract"], ["ctrl", "alt", "esc"], ["ctrl", "esc"],
            ["alt", "esc"], ["alt", "tab"], ["ctrl", "alt", "tab"], ["ctrl", "c"], ["ctrl", "d"], ["ctrl", "z"],
            ["ctrl", "s"], ["ctrl", "q"], ["ctrl", "backslash"], ["ctrl", "scroll_lock"], ["ctrl", "pause"], ["pause"],
            ["alt", "print"], ["print"], ["sysrq"], ["alt", "sysrq"], ["shift", "pgup"], ["shift", "pgdn"],
            ["shift", "insert"], ["shift", "f10"], ["meta_l"], ["meta_l", "l"], ["meta_l", "r"], ["menu"], ["compose"],
        ]
        + (letters + ["0", "6", "7", "8", "9", "spc", "esc"]).map { ["alt", "sysrq", $0] }
        + letters.map { ["ctrl", "alt", "sysrq", $0] }

    /// Keys that stand for something on other machines.
    static let single: [String] = [
        "power", "sleep", "wake", "audionext", "audioprev", "audiostop", "audioplay", "audiomute", "volumeup",
        "volumedown", "mediaselect", "mail", "calculator", "computer", "ac_home", "ac_back", "ac_forward", "ac_refresh",
        "ac_bookmarks", "help", "stop", "again", "props", "undo", "front", "copy", "open", "paste", "find", "cut",
        "hiragana", "henkan", "yen", "muhenkan", "katakanahiragana", "kp_comma", "kp_equals", "less", "tab", "home",
        "end", "insert", "delete", "left", "right", "up", "down", "esc", "spc", "backspace", "minus", "equal",
        "grave_accent", "6", "7", "8", "9", "0", "kp_6", "kp_7", "kp_8", "kp_9", "kp_0", "kp_divide", "kp_multiply",
    ]

    /// Locks, again and again: their lamps are the only thing that a keyboard without rights may change.
    static let floods: [[String]] = (0..<20).flatMap { _ in [["caps_lock"], ["num_lock"], ["scroll_lock"]] }

    /// Every key that is not one of the box's, with each modifier.
    static let modified: [[String]] = (single + letters).flatMap { key in modifiers.map { [$0, key] } }

    /// Keys of the box under hands that hold more: they may only do what the box may.
    static let ofTheBox: [[String]] =
        (1...5).flatMap { [["alt", "sysrq", "\($0)"], ["ctrl", "alt", "\($0)"]] }
        + [letters + ["1", "2", "3", "4", "5", "ret", "ctrl", "alt", "meta_l", "delete"]]
}
