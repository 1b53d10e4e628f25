enum KioskWebPlaceholder {}
