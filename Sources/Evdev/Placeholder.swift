enum EvdevPlaceholder {}
