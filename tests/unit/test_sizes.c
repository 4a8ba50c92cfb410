// SPDX-License-Identifier: MIT
// What an idle connection is made of may shrink, but grows only on purpose: the most bytes that each struct may take.
//
// Whoever needs more room raises the figure here, and the table of docs/performance.md with it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "carrier/engineio_session.h"
#include "carrier/engineio_socket.h"
#include "carrier/ws_session.h"
#include "net/conn.h"
#include "switchboard/peer.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"

#define SIZE(type, most_bytes)                                                                                         \
    {                                                                                                                  \
#type, sizeof(type), most_bytes                                                                                \
    }

static const struct size {
    const char *name;
    size_t is, most;
} sizes[] = {
    // every connection
    SIZE(struct conn, 136),
    // a session over a plain WebSocket
    SIZE(struct ws_session, 128),
    // a session over Engine.IO's WebSocket
    SIZE(struct engineio_socket, 104),
    SIZE(struct engineio_session, 176),
    { "what rides on it", ENGINEIO_RIDER_SIZE, 56 },
    // someone, and the name, whose bytes follow
    SIZE(struct peer, 48),
    { "struct bus_name", offsetof(struct bus_name, text), 29 },
    // a member of a room
    SIZE(struct seat, 48),
};

static void nothing_has_grown(void **state)
{
    (void)state;
    if (sizeof(void *) != 8)
        skip(); // the figures are those of 64-bit machines
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        print_message("%-24s %4zu bytes, at most %zu\n", sizes[i].name, sizes[i].is, sizes[i].most);
        assert_in_range(sizes[i].is, 1, sizes[i].most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_has_grown) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
