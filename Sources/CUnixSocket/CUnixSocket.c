#define _GNU_SOURCE
#include "CUnixSocket.h"

#include <string.h>
#include <sys/socket.h>

int cunixsocket_peer(int descriptor, pid_t *process, uid_t *user, gid_t *group) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
        return -1;
    }
    *process = peer.pid;
    *user = peer.uid;
    *group = peer.gid;
    return 0;
}

int cunixsocket_accept(int descriptor) {
    return accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

const char *cunixsocket_errno_name(int code) {
    return strerrorname_np(code);
}
