# The firmware's variables by which one start tells the next which slot is damaged.
#
# OtsenkaBadSlot: the slot (a or b) that was last found damaged; gone as soon as it is found whole again. It is written for
# people and for the next slot; which slot starts is told by LoaderEntryOneShot alone, which systemd-boot takes away as it
# obeys it. So nothing has to be undone once the slot is written anew.
variables=/sys/firmware/efi/efivars
loader=4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
bad=$variables/OtsenkaBadSlot-7f0d5a3c-52f1-4c8e-9e0b-3a1d6b0a7c55

# The slot that this start is of.
slot() { sed -E 's/.*rauc\.slot=([ab]).*/\1/' /proc/cmdline; }

# The strings in a variable, one a line: four bytes of attributes, then UTF-16, each string with its end. efivarfs cannot seek,
# which tail would do in a file.
strings_of() { cat "$1" 2>/dev/null | tail -c +5 | LC_ALL=C sed 's/\x00\x00\x00/\n/g; s/\x00//g'; }

# write_variable FILE TEXT: kept by the firmware, read and written at any time. The kernel wants it in one piece.
write_variable() {
    chattr -i "$1" 2>/dev/null
    { printf '\007\000\000\000'; printf '%s' "$2" | LC_ALL=C sed 's/./&\x00/g'; printf '\000\000'; } >/run/otsenka-variable
    dd if=/run/otsenka-variable of="$1" bs=4096 2>/dev/null
}

remove_variable() {
    chattr -i "$1" 2>/dev/null
    rm -f "$1"
}
