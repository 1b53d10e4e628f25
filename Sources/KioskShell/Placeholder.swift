enum KioskShellPlaceholder {}
