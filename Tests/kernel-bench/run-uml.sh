#!/bin/bash
# Runs a script inside the bench's kernel: run-uml.sh SCENARIO OUT_DIR
#
# The scenario is an executable file, run as root. It sees the host's root with everything in it writable: what it
# writes is forgotten, except in OUT_DIR, which is the host's own. Its variables:
#   BENCH   this folder            OUT     OUT_DIR
# Prints what the scenario prints and exits with its status; 124 after the time-out, 70 if the kernel ended without
# an answer (its messages are in OUT_DIR/kernel.log), 69 without a kernel. Nothing is left running afterwards.
#
#   UML_TIMEOUT=60                   seconds until the kernel is ended
#   UML_FRAMEBUFFER=1280x800-32@60   mode of /dev/fb0, as vfb takes it in `video=`
#   UML_KERNEL=PATH                  another kernel than the one build-kernel.sh keeps
# Variables for the scenario itself: a file OUT_DIR/environment of shell assignments, read before it starts.
set -euo pipefail

refuse() {
    echo "kernel bench: $2" >&2
    exit "$1"
}

(($# == 2)) || refuse 64 "usage: run-uml.sh SCENARIO OUT_DIR"
bench=$(cd "$(dirname "$0")" && pwd)
scenario=$(realpath "$1")
[[ -x $scenario ]] || refuse 64 "$scenario is not an executable file"
mkdir -p "$2"
out=$(realpath "$2")
# The three paths travel on the kernel's command line, which ends a word at a blank.
[[ "$bench$scenario$out" != *[[:space:]\"]* ]] || refuse 64 "paths with blanks or quotes cannot be handed to the kernel"

kernel=${UML_KERNEL:-$(OTSENKA_NO_APT=1 "$bench/build-kernel.sh" --path)}
[[ -x $kernel ]] || refuse 69 "there is no kernel at $kernel; build it with Tests/kernel-bench/build-kernel.sh"

# The kernel's memory is a sparse file that must be mappable as code; a container's 64 MB /dev/shm is too small.
memory_mb=1024
scratch=/dev/shm
if (($(df --output=avail -m "$scratch" 2>/dev/null | tail -n 1 || echo 0) < memory_mb)); then
    scratch=${TMPDIR:-/tmp}
fi
work=$(mktemp -d "$scratch/otsenka-uml.XXXXXX")

# Each of the guest's programs is a process of the host, and they outlive a kernel that dies badly. In a PID namespace
# they die with its first process. Without the right to have one, they are found by the session that they share.
session=
cleanup() {
    if [[ -n $session ]]; then
        pkill -TERM -s "$session" 2>/dev/null || true
        for ((i = 0; i < 20; i++)); do
            pgrep -s "$session" >/dev/null || break
            sleep 0.1
        done
        pkill -KILL -s "$session" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# A shell is the namespace's first process: signals that end a program by default do nothing to process 1, and the
# kernel ends a panic by such a signal. `timeout` is inside, because unshare blocks SIGTERM.
namespace=()
if unshare --pid --fork true 2>/dev/null; then
    namespace=(unshare --pid --fork --kill-child=KILL sh -c '"$@"; exit $?' sh)
elif unshare --map-root-user --pid --fork true 2>/dev/null; then
    namespace=(unshare --map-root-user --pid --fork --kill-child=KILL sh -c '"$@"; exit $?' sh)
fi

rm -f "$out/status"
: >"$out/output"
# The limit holds even when this script is killed.
TMPDIR=$scratch HOME=$work setsid "${namespace[@]}" timeout --kill-after=5 "${UML_TIMEOUT:-60}" "$kernel" \
    mem=${memory_mb}M umid=bench "uml_dir=$work/" rootfstype=hostfs rootflags=/ ro "init=$bench/init.sh" \
    "BENCH=$bench" "SCENARIO=$scenario" "OUT=$out" \
    "video=vfb:${UML_FRAMEBUFFER:-1280x800-32@60}" vfb.videomemorysize=16777216 video=VGA-1:1024x768@60e \
    con0=null,fd:1 con=null quiet </dev/null >"$out/kernel.log" 2>&1 &
session=$!
ended=0
wait "$session" || ended=$?

cat "$out/output"
[[ ! -s $out/status ]] || exit "$(<"$out/status")"
((ended != 124)) ||
    refuse 124 "$scenario did not end in ${UML_TIMEOUT:-60} s; the kernel's messages are in $out/kernel.log"
refuse 70 "the kernel ended without an answer of $scenario; its messages are in $out/kernel.log"
