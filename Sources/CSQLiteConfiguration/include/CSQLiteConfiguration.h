#pragma once

/// Keeps the last connection that closes from checkpointing: SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE
/// (sqlite.org/c3ref/c_dbconfig_defensive.html). `connection` is a `sqlite3 *`; the result is SQLite's own code.
///
/// sqlite3_db_config() is variadic, which Swift cannot call. The type is `void *` so that this header does not declare
/// SQLite's types a second time beside GRDB's own module.
int otsenka_sqlite_no_checkpoint_on_close(void *connection);
