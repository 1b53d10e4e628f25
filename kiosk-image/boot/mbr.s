# The boot code of the protective MBR. Firmware with UEFI never runs it; an old BIOS does, and says why there is no picture.
# Assembled by make-disk: at 0x7c00 in real mode, 440 bytes at most.
        .code16
        .globl  _start
_start: cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        sti
        cld
        movw    $0x0003, %ax            # text, 80x25: clears the screen
        int     $0x10
        movw    $text, %si
next:   lodsb
        testb   %al, %al
        jz      stop
        movb    $0x0e, %ah              # teletype
        movw    $0x0007, %bx
        int     $0x10
        jmp     next
stop:   hlt
        jmp     stop
text:   .ascii  "\r\n  Code B1: this kiosk needs UEFI, and the computer has started as an old BIOS.\r\n\r\n"
        .asciz  "  In the firmware's setup switch CSM or Legacy boot off, choose UEFI, and start\r\n  again. Nothing on the disk has been changed.\r\n"
