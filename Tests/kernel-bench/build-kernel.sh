#!/bin/bash
# Builds the User Mode Linux kernel of the bench from Debian's linux-source-6.1 and prints its path as the last line.
#
# The kernel is kept in the user's cache under a digest of kernel.config and the version of the source package, so the
# next call answers at once and a newer source or another option builds anew. Takes 3–5 minutes on two cores, 2 GB of
# disk while it builds and 8 MB afterwards.
#
#   OTSENKA_NO_APT=1   take the Debian packages as installed
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
config=$here/kernel.config
archive=/usr/src/linux-source-6.1.tar.xz
# The last three are for running the bench.
packages=(linux-source-6.1 make gcc libc6-dev flex bison bc perl xz-utils iproute2 procps python3)

say() { echo "kernel bench: $*" >&2; }
fail() {
    say "$@"
    exit 69
}

missing=()
for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if ((${#missing[@]})); then
    root=()
    ((EUID == 0)) || root=(sudo)
    if [[ ${OTSENKA_NO_APT:-} == 1 ]] || ! command -v apt-get >/dev/null; then
        fail "packages are missing; install them: apt-get install ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    if ! { "${root[@]}" apt-get update -qq &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            "${missing[@]}"; } >&2; then
        fail "apt could not install the packages; as root run: apt-get install ${missing[*]}"
    fi
fi

# The digest covers everything that decides what the kernel is.
version=$(dpkg-query -W -f '${Version}' linux-source-6.1)
digest=$({ echo "$version" && cat "$config"; } | sha256sum | cut -c1-16)
caches=${XDG_CACHE_HOME:-$HOME/.cache}/otsenka
cache=$caches/uml-6.1-$digest
kernel=$cache/linux

if [[ ${1:-} == --path ]]; then
    echo "$kernel"
    exit
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
if ! flock -n 9; then
    say "another build of this kernel is running; waiting for it"
    flock 9
fi
if [[ -x $kernel ]]; then
    echo "$kernel"
    exit
fi

started=$SECONDS
build=$cache/build
rm -rf "$build"
trap 'rm -rf "$build"' EXIT
mkdir "$build"

say "unpacking linux-source-6.1 $version"
# Left out are 500 MB that no build for this architecture opens; the Kconfig files of all drivers have to stay.
tar -xf "$archive" -C "$build" --strip-components=1 \
    --exclude='*/Documentation/*/*' --exclude='*/drivers/gpu/drm/amd/*.[ch]' --exclude='*/arch/*/boot/dts/*' \
    --exclude='*/tools/testing/*'
cd "$build"

say "configuring"
export ARCH=um
make -s defconfig >/dev/null
scripts/kconfig/merge_config.sh -m .config "$config" >merge.log 2>&1 ||
    fail "the options of kernel.config do not merge: $(tail -n 1 merge.log)"
make -s olddefconfig >>merge.log 2>&1
while read -r line; do
    case $line in
        CONFIG_*=y) grep -qxF "$line" .config || fail "$line of kernel.config did not take effect in $version" ;;
        '# CONFIG_'*' is not set')
            option=${line#\# } option=${option% is not set}
            ! grep -q "^$option=" .config || fail "$option is set against kernel.config in $version"
            ;;
    esac
done <"$config"

jobs=$(nproc)
say "compiling with $jobs jobs"
# One line in 150 is enough to see that it moves.
if ! make -j "$jobs" linux 2>build.errors |
    awk '/^  (CC|AR|LD|AS) / && ++n % 150 == 0 { print "kernel bench: " n " of about 1350 steps"; fflush() }' >&2; then
    grep -m 5 -E 'error|Error|undefined' build.errors >&2 || tail -n 5 build.errors >&2
    cp build.errors "$cache/build.errors"
    fail "the kernel does not compile; all messages are in $cache/build.errors"
fi

strip -o "$kernel.new" linux
mv "$kernel.new" "$kernel"
say "built in $((SECONDS - started)) s"
echo "$kernel"
