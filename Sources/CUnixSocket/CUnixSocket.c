#include "CUnixSocket.h"
