#pragma once
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

// glibc has this since 2.32, but declares it only under _GNU_SOURCE, which would make <sys/select.h> differ from the one
// in Swift's Glibc module.
extern const char *strerrorname_np(int code);

// "EBUSY" for 16; null for a number that is no errno.
static inline const char *csystemd_errno_name(int code) {
    return strerrorname_np(code);
}
