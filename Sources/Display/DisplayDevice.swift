/// A screen to draw on. A caller draws into `canvas` at any time and names what it changed with `present`; nothing
/// here waits for the screen, except that changing the mode (`open`, and `refresh` after a hot-plug) takes as long as
/// the driver takes, up to some 100 ms.
///
/// Not thread-safe: everything is called from the event loop's thread.
public protocol DisplayDevice: AnyObject {
    /// What it is, for logs and `doctor`: "drm /dev/dri/card0 HDMI-A-1 1920x1080@60".
    var name: String { get }
    /// Where to draw. Another one after `refresh` answered `.resized`.
    var canvas: Canvas { get }
    /// The picture's size by the settings, else as the screen says, nil where it says nothing believable.
    var millimetres: PhysicalSize? { get }
    /// In thousandths of a hertz; nil where there is no such thing.
    var refreshMillihertz: Int? { get }

    /// Shows the named parts of the canvas. Parts outside it are cut off. Throws `.lost` when the device has gone.
    func present(_ damage: [PixelRect]) throws(DisplayError) -> Presented

    /// Readable when `handleEvents` has something to do; -1 where that never happens. Stays the same until `close`.
    var descriptor: Int32 { get }
    /// To be called when `descriptor` is readable. Sends the frame that waited, if any. True when a frame has reached
    /// the screen.
    func handleEvents() throws(DisplayError) -> Bool

    /// Looks whether the screen is still there and as before. Cheap: to be called every second, and at once with
    /// `probe` when udev reports a change of the subsystem `drm`, which then asks the screen itself what it can show and
    /// sets its mode again. A screen that is missing is asked in any case.
    /// After an error close the display, and open it again if the error `isWorthRetrying`.
    func refresh(probe: Bool) throws(DisplayError) -> Refreshed

    /// Sets the mode again and shows the whole canvas: for the caller to use when a frame stays `pending` for a
    /// second, which a driver that lost an interrupt never ends.
    func recover() throws(DisplayError)

    /// Puts back what the screen showed before. Nothing else may be called afterwards; the device itself is free for
    /// others when the last reference goes.
    func close()
}

/// What became of the parts named to `present`.
public enum Presented: Equatable, Sendable {
    /// They are on the screen.
    case shown
    /// They are with the driver; `handleEvents` answers true when the screen shows them.
    case pending
    /// The frame before is still on its way; `handleEvents` will send this one, joined with what follows.
    case waiting
    /// No screen is connected; everything is shown when one is.
    case off
}

/// What `refresh` found.
public enum Refreshed: Equatable, Sendable {
    case unchanged
    /// The screen was unplugged. Drawing and `present` may go on.
    case unplugged
    /// The screen was plugged in again, or may have been, and shows the canvas.
    case pluggedIn
    /// Another screen or mode: `canvas` is new and black, draw everything.
    case resized
}
