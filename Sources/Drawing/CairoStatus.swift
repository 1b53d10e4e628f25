import CPangoCairo

/// Cairo's result codes under their C names, as far as image surfaces and PNG can give them.
enum CairoStatus {
    static func name(_ status: cairo_status_t) -> String {
        switch status {
        case CAIRO_STATUS_SUCCESS: "CAIRO_STATUS_SUCCESS"
        case CAIRO_STATUS_NO_MEMORY: "CAIRO_STATUS_NO_MEMORY"
        case CAIRO_STATUS_READ_ERROR: "CAIRO_STATUS_READ_ERROR"
        case CAIRO_STATUS_WRITE_ERROR: "CAIRO_STATUS_WRITE_ERROR"
        case CAIRO_STATUS_SURFACE_FINISHED: "CAIRO_STATUS_SURFACE_FINISHED"
        case CAIRO_STATUS_SURFACE_TYPE_MISMATCH: "CAIRO_STATUS_SURFACE_TYPE_MISMATCH"
        case CAIRO_STATUS_INVALID_STRIDE: "CAIRO_STATUS_INVALID_STRIDE"
        case CAIRO_STATUS_INVALID_SIZE: "CAIRO_STATUS_INVALID_SIZE"
        case CAIRO_STATUS_PNG_ERROR: "CAIRO_STATUS_PNG_ERROR"
        default: "cairo_status_t \(status.rawValue)"
        }
    }
}
