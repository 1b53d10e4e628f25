#pragma once
#include <sys/types.h>

// struct ucred, accept4 and strerrorname_np are declared only under _GNU_SOURCE, which would make system headers differ
// from those in Swift's Glibc module; so they are used in CUnixSocket.c and told through plain types here.

// Who is at the other end (SO_PEERCRED). 0, or -1 with errno.
int cunixsocket_peer(int descriptor, pid_t *process, uid_t *user, gid_t *group);

// The next connection, non-blocking and close-on-exec. The descriptor, or -1 with errno.
int cunixsocket_accept(int descriptor);

// "ECONNREFUSED" for 111; null for a number that is no errno.
const char *cunixsocket_errno_name(int code);
