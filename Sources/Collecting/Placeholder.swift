enum CollectingPlaceholder {}
