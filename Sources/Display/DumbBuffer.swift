import CDRM

/// A picture in memory that a card can show: XRGB8888, black at first, freed when it goes.
final class DumbBuffer {
    /// The framebuffer's id for the calls that show it.
    let id: UInt32
    let stride: Int
    let memory: DeviceMemory
    private let card: DRMCard
    private let handle: UInt32

    init(_ card: DRMCard, _ size: PixelSize) throws(DisplayError) {
        var (handle, pitch, byteCount): (UInt32, UInt32, UInt64) = (0, 0, 0)
        // Results of libdrm's newer calls are negative errno values.
        var code = drmModeCreateDumbBuffer(
            card.descriptor, UInt32(size.width), UInt32(size.height), 32, 0, &handle, &pitch, &byteCount)
        guard code == 0 else { throw card.refusal("give memory for a picture of \(size)", -code) }

        var id: UInt32 = 0
        var offset: UInt64 = 0
        do throws(DisplayError) {
            // Depth 24 in 32 bits is XRGB8888 for every driver.
            code = drmModeAddFB(card.descriptor, UInt32(size.width), UInt32(size.height), 24, 32, pitch, handle, &id)
            guard code == 0 else { throw card.refusal("take a picture of \(size) in XRGB8888", -code) }
            code = drmModeMapDumbBuffer(card.descriptor, handle, &offset)
            guard code == 0 else { throw card.refusal("share a picture's memory", -code) }
            memory = try DeviceMemory(
                of: card.descriptor, offset: Int(offset), byteCount: Int(byteCount), thing: card.thing)
        } catch {
            if id != 0 { drmModeRmFB(card.descriptor, id) }
            drmModeDestroyDumbBuffer(card.descriptor, handle)
            throw error
        }
        self.card = card
        self.id = id
        self.handle = handle
        stride = Int(pitch)
    }

    deinit {
        drmModeRmFB(card.descriptor, id)
        drmModeDestroyDumbBuffer(card.descriptor, handle)
    }
}
