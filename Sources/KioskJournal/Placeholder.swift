enum KioskJournalPlaceholder {}
