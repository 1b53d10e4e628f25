import CConsole

/// What of a framebuffer's memory is visible, and how its pixels are kept.
struct FramebufferShape: Equatable {
    var size: PixelSize
    var layout: PixelLayout
    /// Bytes from one line to the next.
    var stride: Int
    /// Where the upper left visible pixel is: a driver may have panned.
    var firstByte: Int
    var byteCount: Int
    var millimetres: PhysicalSize?
    /// Where the memory is, to tell two framebuffers of one shape apart.
    var address: UInt
}

extension FramebufferShape {
    /// What the driver says of itself; a field that makes no sense is found by `check`.
    init(_ fixed: fb_fix_screeninfo, _ variable: fb_var_screeninfo, thing: String) throws(DisplayError) {
        func channel(_ field: fb_bitfield) -> PixelLayout.Channel {
            PixelLayout.Channel(offset: Int(field.offset), length: Int(field.length))
        }
        guard fixed.type == FB_TYPE_PACKED_PIXELS else {
            throw Self.refusal(thing, "keeps its picture in planes or as text")
        }
        size = PixelSize(width: Int(variable.xres), height: Int(variable.yres))
        layout = PixelLayout(
            bitsPerPixel: Int(variable.bits_per_pixel), red: channel(variable.red), green: channel(variable.green),
            blue: channel(variable.blue))
        // Some drivers leave line_length 0; then the virtual width counts (api.rst).
        let line = Int(fixed.line_length)
        stride = line == 0 ? Int(variable.xres_virtual) * layout.bytesPerPixel : line
        firstByte = Int(variable.yoffset) * stride + Int(variable.xoffset) * layout.bytesPerPixel
        byteCount = Int(fixed.smem_len)
        millimetres = PhysicalSize(
            reported: Int(Int32(bitPattern: variable.width)), Int(Int32(bitPattern: variable.height)), of: size)
        address = UInt(fixed.smem_start)
        try check(thing)
    }

    /// Throws `.unsupported` for a picture that cannot be drawn into without leaving its memory.
    func check(_ thing: String) throws(DisplayError) {
        guard layout.isSupported else {
            throw Self.refusal(thing, "keeps \(layout.bitsPerPixel) bits per pixel in a way that is not supported")
        }
        guard 1...Canvas.largestSide ~= size.width, 1...Canvas.largestSide ~= size.height else {
            throw Self.refusal(thing, "says that it shows \(size)")
        }
        let lastByte = firstByte + (size.height - 1) * stride + size.width * layout.bytesPerPixel
        guard stride >= size.width * layout.bytesPerPixel, lastByte <= byteCount else {
            throw Self.refusal(thing, "has too little memory (\(byteCount) bytes) for its picture of \(size)")
        }
    }

    private static func refusal(_ thing: String, _ what: String) -> DisplayError {
        DisplayError(
            .unsupported, thing, what,
            nextStep: "set 32 or 16 bits per pixel on the kernel's command line (video=)")
    }
}
