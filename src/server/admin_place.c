// SPDX-License-Identifier: MIT
// Where the admin listener is; see admin_place.h.
#include "server/admin_place.h"

#include <errno.h>
#include <string.h>

int admin_place_parse(struct admin_place *p, const char *text)
{
    static const char local[] = "unix:";
    size_t len = sizeof local - 1;
    text = text ? text : ADMIN_PLACE_DEFAULT;
    *p = (struct admin_place){ .is_off = strcmp(text, "off") == 0 };
    if (p->is_off)
        return 0;
    if (strncmp(text, local, len) == 0) {
        p->socket_path = text + len;
        return text[len] ? 0 : -EINVAL;
    }
    int err = listen_parse(&p->where, text);
    return err || p->where.is_tls ? -EINVAL : 0;
}
