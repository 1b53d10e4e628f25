#pragma once
#include <libevdev/libevdev.h>
#include <stdarg.h>
#include <string.h>

// libevdev drops an ABS_MT_TRACKING_ID that replaces an open contact without a -1 between (sanitize_event in libevdev.c)
// and only says so in its log, as a format and a va_list, which Swift cannot read. Returns 1 and fills the id and the
// slot when this message is that one; any other message, or another wording of a later libevdev, returns 0.
static inline int otsenka_double_tracking_id(const char *format, va_list arguments, int *id, int *slot) {
    if (strstr(format, "Device \"%s\" received a double tracking ID %d in slot %d") == NULL) return 0;
    va_list copy;
    va_copy(copy, arguments);
    (void)va_arg(copy, const char *);
    *id = va_arg(copy, int);
    *slot = va_arg(copy, int);
    va_end(copy);
    return 1;
}
