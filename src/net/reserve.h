// SPDX-License-Identifier: MIT
// Memory set aside for libuv, which ends the process when a table of its own can't grow.
//
// That table has a place for each descriptor and doubles now and then, in uv_poll_start(), which can't fail. When there is
// no memory for it, what was set aside is given back to the heap, and it is tried again; then the connection that asked for
// the next thing is refused as always. What is set aside and never touched costs address space alone.
#ifndef STROWGER_NET_RESERVE_H
#define STROWGER_NET_RESERVE_H

// Sets memory aside and has libuv's requests fall back on it. Before anything else of libuv is called, once.
void reserve_init(void);

#endif
