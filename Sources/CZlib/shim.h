#pragma once
#include <zlib.h>

// deflateInit2 and inflateInit2 are macros that add the version and the size of the structure.

// One gzip member, made with the most memory (9) for the smallest result.
static inline int czlib_start_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
}

// Reads gzip only, neither zlib's format nor raw deflate.
static inline int czlib_start_gunzip(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
