#!/bin/sh
# Process 1 of the bench's kernel. Puts a layer of memory over the host's root, runs the scenario in it, leaves its
# output and status in OUT for run-uml.sh, and switches the machine off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8

if [ "$1" != inside ]; then
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
    mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
    cd /mnt/root && mkdir -p mnt && pivot_root . mnt && exec chroot . "$BENCH/init.sh" inside
fi

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /run /tmp "$OUT"
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mount -t hostfs -o "$OUT" hostfs "$OUT"
umount -l /mnt
ip link set lo up

export HOME=/run
cd /run
[ ! -e "$OUT/environment" ] || { set -a && . "$OUT/environment" && set +a; }
"$SCENARIO" >"$OUT/output" 2>&1 </dev/null
echo $? >"$OUT/status"
sync
echo o >/proc/sysrq-trigger
# Switching off happens behind the writer's back; process 1 must not end before.
sleep 10
