#include "CSQLiteConfiguration.h"

#include <sqlite3.h>

int otsenka_sqlite_no_checkpoint_on_close(void *connection) {
    int on = 0;
    int result = sqlite3_db_config((sqlite3 *)connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &on);
    if (result == SQLITE_OK && on != 1) return SQLITE_ERROR;
    return result;
}
