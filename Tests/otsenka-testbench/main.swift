import Display
import Glibc

// Draws through `Display` as it is told on standard input, for the scenarios of Tests/kernel-bench. One answer a line:
//   fill X Y WIDTH HEIGHT RRGGBB   draws a rectangle and presents it
//   settle                         handles events until a frame is on the screen
//   refresh, probe, recover        as the calls of those names
//   close                          puts the screen back and ends; so does the end of the input
// Arguments: BACKEND and then device=, connector=, mode= as in the settings. Or `console PATH`, which takes a terminal
// until the end of the input.

func say(_ text: String) {
    print(text)
    // Of every stream: naming standard output would touch a variable of C that Swift 6 does not let through.
    fflush(nil)
}

func settings() -> DisplaySettings? {
    var words = CommandLine.arguments.dropFirst()
    guard let backend = words.popFirst().flatMap(DisplaySettings.Backend.init(rawValue:)) else { return nil }
    var settings = DisplaySettings(backend: backend)
    for word in words {
        let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2 else { return nil }
        switch pair[0] {
        case "device": settings.device = pair[1]
        case "connector": settings.connector = pair[1]
        case "mode":
            guard let mode = ModeRequest(pair[1]) else { return nil }
            settings.mode = mode
        default: return nil
        }
    }
    return settings
}

func fill(_ canvas: Canvas, _ rect: PixelRect, _ color: UInt32) {
    for y in rect.y..<rect.y + rect.height {
        for x in rect.x..<rect.x + rect.width {
            canvas.pixels.storeBytes(of: color, toByteOffset: y * canvas.stride + x * 4, as: UInt32.self)
        }
    }
}

/// Waits at most 2 s for an event, far longer than a frame takes.
func settle(_ display: any DisplayDevice) throws(DisplayError) -> String {
    var descriptors = [pollfd(fd: display.descriptor, events: Int16(POLLIN), revents: 0)]
    while display.descriptor >= 0 {
        guard poll(&descriptors, 1, 2000) > 0 else { return "no event" }
        if try display.handleEvents() { break }
    }
    return "settled"
}

func answer(_ line: String, _ display: any DisplayDevice) throws(DisplayError) -> String? {
    let words = line.split(separator: " ").map(String.init)
    switch words.first {
    case "fill":
        let numbers = words[1..<5].compactMap(Int.init)
        guard words.count == 6, numbers.count == 4, let color = UInt32(words[5], radix: 16) else { return "usage" }
        let rect = PixelRect(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
        guard let inside = rect.intersection(PixelRect(display.canvas.size)) else { return "outside" }
        fill(display.canvas, inside, color)
        return "\(try display.present([rect]))"
    case "settle": return try settle(display)
    case "refresh": return "\(try display.refresh(probe: false)) \(display.name)"
    case "probe": return "\(try display.refresh(probe: true)) \(display.name)"
    case "recover":
        try display.recover()
        return "recovered"
    default: return nil
    }
}

func holdConsole(_ path: String) throws(DisplayError) {
    let console = try Console(path)
    say("taken \(console.path)\(console.keyboardWarning.map { ", \($0)" } ?? "")")
    while readLine() != nil {}
    console.close()
}

if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "console" {
    do throws(DisplayError) {
        try holdConsole(CommandLine.arguments[2])
        exit(0)
    } catch {
        say("\(error.code.rawValue): \(error)")
        exit(69)
    }
}
guard let settings = settings() else {
    say("usage: otsenka-testbench BACKEND [device=PATH] [connector=NAME] [mode=WIDTHxHEIGHT[@HZ]]")
    exit(64)
}
do throws(DisplayError) {
    let display = try settings.open()
    let size = display.millimetres.map { "\($0.width)x\($0.height) mm" } ?? "no millimetres"
    say("open \(display.name), \(size)")
    while let line = readLine(), let answer = try answer(line, display) { say(answer) }
    display.close()
} catch {
    say("\(error.code.rawValue): \(error)")
    exit(69)
}
