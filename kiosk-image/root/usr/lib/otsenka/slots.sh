# The slots as systemd-boot sees them: one program of the firmware a slot in EFI/Linux of the boot partition.
#
#   otsenka-b.efi       good: starts without counting
#   otsenka-b+3.efi     on trial: three starts left (systemd-boot renames it to b+2-1, b+1-2, b+0-3 as it starts it)
#   otsenka-b+0-3.efi   has used up its starts: systemd-boot puts it behind every other
#   none                the slot cannot be started
#
# Of those that may start, systemd-boot takes the newest IMAGE_VERSION, so no setting says which slot is the default, and
# one rename is all that switches: to a new slot, and to "good". The boot partition is mounted only meanwhile, with
# dirsync: a new name is on the disk before the old one goes.
esp=/efi
device=/dev/disk/by-partlabel/otsenka-esp
programs=$esp/EFI/Linux
state=/var/lib/otsenka-update
# Why the last bundle was refused; RAUC knows only that a handler failed.
reason=/run/otsenka-update.reason

say() { echo "otsenka-update: $*" >&2; }

# The slot that runs.
booted() { sed -E 's/.*rauc\.slot=([ab]).*/\1/' /proc/cmdline; }

other() { if [ "$(booted)" = a ]; then echo b; else echo a; fi; }

# The version that runs.
running() { . /usr/lib/os-release && echo "$IMAGE_VERSION"; }

newer() { systemd-analyze compare-versions "$1" gt "$2"; }

# The file of a slot; fails if there is none. A cut in the middle of a rename leaves two names for one file, and fsck.fat
# (with_esp) empties the second.
program() {
    local file
    for file in "$programs/otsenka-$1.efi" "$programs/otsenka-$1"+*.efi; do
        if [ -s "$file" ]; then echo "$file"; return; fi
    done
    return 1
}

# Starts left: a number, or "all" for a good slot; fails if it has no file.
starts_left() {
    local file
    file=$(program "$1") || return 1
    case $file in
    *+*) file=${file##*+}; file=${file%.efi}; echo "${file%-*}" ;;
    *) echo all ;;
    esac
}

# Whether a slot would be started at all.
bootable() {
    local left
    left=$(starts_left "$1") && [ "$left" != 0 ]
}

# with_esp COMMAND…: runs it with the boot partition mounted. mtools (the enrolment) keeps the same lock.
with_esp() {
    if mountpoint -q "$esp"; then "$@"; return; fi
    (
        flock 9 || exit 74
        # A cut may have left clusters that belong to no file; 1 says that something was mended.
        fsck.fat -a "$device" >/dev/null || [ $? -eq 1 ] || exit 74
        mount -t vfat -o rw,dirsync,nosuid,nodev,noexec,umask=0077 "$device" "$esp" || exit 74
        trap 'umount "$esp"' EXIT
        "$@"
    ) 9<"$device"
}
