#define _GNU_SOURCE
#include "CConsole.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

static int result(int answer) { return answer < 0 ? errno : 0; }

int otsenka_fb_fixed(int framebuffer, struct fb_fix_screeninfo *info) {
    return result(ioctl(framebuffer, FBIOGET_FSCREENINFO, info));
}

int otsenka_fb_variable(int framebuffer, struct fb_var_screeninfo *info) {
    return result(ioctl(framebuffer, FBIOGET_VSCREENINFO, info));
}

int otsenka_console_read(int terminal, struct otsenka_console_state *state) {
    int display_mode = 0, keyboard_mode = 0;
    if (ioctl(terminal, KDGETMODE, &display_mode) < 0 || ioctl(terminal, KDGKBMODE, &keyboard_mode) < 0)
        return errno;
    state->display_mode = display_mode;
    state->keyboard_mode = keyboard_mode;
    return 0;
}

int otsenka_console_graphics(int terminal) { return result(ioctl(terminal, KDSETMODE, (long)KD_GRAPHICS)); }

int otsenka_console_keyboard_off(int terminal) { return result(ioctl(terminal, KDSKBMODE, (long)K_OFF)); }

int otsenka_console_restore(int terminal, const struct otsenka_console_state *state) {
    // Who was not allowed to turn the keyboard off is not allowed to set it either, and has nothing to put back.
    ioctl(terminal, KDSKBMODE, (long)state->keyboard_mode);
    return result(ioctl(terminal, KDSETMODE, (long)state->display_mode));
}

static void guard(int terminal, const struct otsenka_console_state *state, int lifeline) {
    // A service manager or a shell sends its signal to the whole group; the guard outlives the group's leader.
    const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    prctl(PR_SET_NAME, "console-guard");

    // Inherited descriptors would keep devices grabbed and locks held after the daemon's end.
    dup2(terminal, 0);
    dup2(lifeline, 1);
    close_range(2, ~0U, 0);

    char byte;
    ssize_t got;
    do
        got = read(1, &byte, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
    _exit(otsenka_console_restore(0, state) ? 1 : 0);
}

int otsenka_console_guard(int terminal, const struct otsenka_console_state *state, int *lifeline, int *process) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    const struct otsenka_console_state saved = *state;
    pid_t child = fork();
    if (child < 0) {
        int failed = errno;
        close(ends[0]);
        close(ends[1]);
        return failed;
    }
    if (child == 0) {
        // dup2 in the guard must not overwrite what it still needs.
        int own_terminal = fcntl(terminal, F_DUPFD, 10), own_lifeline = fcntl(ends[0], F_DUPFD, 10);
        if (own_terminal < 0 || own_lifeline < 0)
            _exit(2);
        close(ends[1]);
        guard(own_terminal, &saved, own_lifeline);
    }
    close(ends[0]);
    *lifeline = ends[1];
    *process = child;
    return 0;
}

const char *otsenka_errno_name(int code) { return strerrorname_np(code); }
