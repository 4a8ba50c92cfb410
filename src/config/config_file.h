// SPDX-License-Identifier: MIT
// The configuration file, read into settings; strowger.toml(5) says what may stand in it.
#ifndef STROWGER_CONFIG_CONFIG_FILE_H
#define STROWGER_CONFIG_CONFIG_FILE_H

#include "config/settings.h"

// Adds what FILE says to S, and the sites that it names. All that is wrong is complained of, with its line and column; after
// what is no TOML the rest is not read.
void config_file_read(struct settings *s, const char *file);

#endif
