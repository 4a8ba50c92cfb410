// SPDX-License-Identifier: MIT
// The words for why a session ends; see ending.h.
#include "base/ending.h"

const char *ending_name(enum ending ending)
{
    static const char *const names[N_ENDINGS] = {
        [ENDING_SLOW_REQUEST] = "slow_request",
        [ENDING_SLOW_MESSAGE] = "slow_message",
        [ENDING_LATE_CONNECT] = "late_connect",
        [ENDING_LATE_LOGIN] = "late_login",
        [ENDING_LATE_UPGRADE] = "late_upgrade",
        [ENDING_SILENT] = "silent",
        [ENDING_TOO_BIG] = "too_big",
        [ENDING_CONTROL_FLOOD] = "control_flood",
        [ENDING_STALLED] = "stalled",
        [ENDING_OVERFLOWED] = "overflowed",
        [ENDING_TOO_MANY_MESSAGES] = "too_many_messages",
        [ENDING_TOO_MANY_BYTES] = "too_many_bytes",
        [ENDING_TOO_MANY_JOINS] = "too_many_joins",
        [ENDING_TOO_MANY_FAILED_LOGINS] = "too_many_failed_logins",
        [ENDING_ASKED] = "client",
        [ENDING_LOST] = "lost",
        [ENDING_PROTOCOL_ERROR] = "protocol_error",
        [ENDING_INVALID_TEXT] = "invalid_text",
        [ENDING_NAMELESS] = "nameless",
        [ENDING_DIALECT] = "dialect",
        [ENDING_OUT_OF_MEMORY] = "out_of_memory",
        [ENDING_SHUTDOWN] = "shutdown",
    };
    return names[ending];
}
