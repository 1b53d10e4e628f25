enum DialogPlaceholder {}
