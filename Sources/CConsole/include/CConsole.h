#pragma once
#include <linux/fb.h>
#include <stdint.h>

// ioctl() is variadic and its request numbers are macros, neither of which Swift imports. Every function here answers
// 0 or the errno of the failed call.

int otsenka_fb_fixed(int framebuffer, struct fb_fix_screeninfo *info);
int otsenka_fb_variable(int framebuffer, struct fb_var_screeninfo *info);

/// How a virtual terminal was before the display took it.
struct otsenka_console_state {
    int32_t display_mode;
    int32_t keyboard_mode;
};

int otsenka_console_read(int terminal, struct otsenka_console_state *state);
/// Stops the kernel from drawing text on the screen.
int otsenka_console_graphics(int terminal);
/// Stops the kernel from acting on keys: no terminal switching, no Ctrl-Alt-Del.
int otsenka_console_keyboard_off(int terminal);
int otsenka_console_restore(int terminal, const struct otsenka_console_state *state);

/// Starts a process that waits until every copy of `*lifeline` is closed, however its holder ends, and then puts the
/// terminal back as in `state`. In C because between fork and _exit only async-signal-safe calls are allowed, which
/// Swift cannot promise; so it may be called with threads running.
int otsenka_console_guard(int terminal, const struct otsenka_console_state *state, int *lifeline, int *process);

/// The symbol of an errno value ("EBUSY"), or null. A GNU function that Swift's Glibc module does not show.
const char *otsenka_errno_name(int code);
