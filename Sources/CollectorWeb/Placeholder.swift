enum CollectorWebPlaceholder {}
