enum UnixSocketPlaceholder {}
