enum DialogScreensPlaceholder {}
