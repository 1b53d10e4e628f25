#include "CConsole.h"
