enum CollectorSQLitePlaceholder {}
