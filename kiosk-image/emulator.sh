# A PC for tests of the image that need no visitor: QEMU under OVMF with a disk, a screen and a serial line. Read by a script with
# `work`, the folder of its files, and `machine_options`, more of QEMU's; otsenka-appliance has the PC that is touched.
#
#   new_disk IMAGE MiB    the disk, a copy        put FILE PATH      a file onto its first partition
#   start                 power on                said SECONDS RE    whether the serial line says so within that time
#   tell WORDS            to QEMU's monitor       picture NAME       what the screen shows, as work/NAME.png
#   stop                  pulls the plug          result STATUS TEXT one line; `failed` remembers
#   check TEXT COMMAND…   a result by the command's status
machine=
failed=0
machine_options=(-machine q35 -device VGA,xres=1280,yres=800)
# Nothing: an old BIOS.
firmware=/usr/share/OVMF/OVMF_CODE_4M.fd
trap 'stop; rm -f "$work/disk.img" "$work"/monitor.*' EXIT

new_disk() {
    cp --sparse=always "$1" "$work/disk.img"
    truncate -s "$2M" "$work/disk.img"
    cp /usr/share/OVMF/OVMF_VARS_4M.fd "$work/vars.fd"
}
put() { mcopy -o -i "$work/disk.img@@1M" "$1" "::$2"; }

start() {
    rm -f "$work"/serial.log "$work"/monitor.*
    mkfifo "$work/monitor.in" "$work/monitor.out"
    local flash=()
    if [ -n "$firmware" ]; then
        flash=(-drive "if=pflash,format=raw,unit=0,readonly=on,file=$firmware" -drive "if=pflash,format=raw,unit=1,file=$work/vars.fd")
    fi
    # The guest's time by this machine's clock, or by instructions (PACE=instructions): on a busy host no time-out ends it then.
    local pace=(-accel "tcg,thread=multi" -smp 2)
    if [ "${PACE:-clock}" = instructions ]; then pace=(-accel tcg -icount "shift=2,sleep=on"); fi
    # q35's own watchdog would end a guest that a busy host keeps waiting.
    qemu-system-x86_64 "${pace[@]}" -m 1024 -nodefaults -nic none -display none -action watchdog=none \
        "${flash[@]}" \
        -drive file="$work/disk.img",format=raw,if=none,id=disk,cache=unsafe -device virtio-blk-pci,drive=disk,bootindex=1 \
        -monitor pipe:"$work/monitor" -serial file:"$work/serial.log" "${machine_options[@]}" &
    machine=$!
    cat "$work/monitor.out" >"$work/monitor.log" &
    exec 8>"$work/monitor.in"
}

tell() { printf '%s\n' "$*" >&8; sleep 1; }

picture() { tell "screendump $work/$1.png -f png"; }

stop() {
    [ -n "$machine" ] || return 0
    exec 8>&-
    # The cut that a plug makes; QEMU would remark upon any other end.
    kill -KILL "$machine" 2>/dev/null || true
    wait "$machine" 2>/dev/null || true
    machine=
}

# said SECONDS PATTERN
said() {
    local end=$((SECONDS + $1))
    until grep -aqE -- "$2" "$work/serial.log" 2>/dev/null; do
        [ $SECONDS -lt $end ] && kill -0 "$machine" 2>/dev/null || return 1
        sleep 1
    done
}

result() {
    if [ "$1" = 0 ]; then echo "otsenka: ok    $2"; else echo "otsenka: WRONG $2"; failed=1; fi
}

check() { if "${@:2}"; then result 0 "$1"; else result 1 "$1"; fi; }
