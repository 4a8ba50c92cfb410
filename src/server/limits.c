// SPDX-License-Identifier: MIT
// What the options say of how much and how fast; see limits.h.
#include "server/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_RESERVE = 1024, MIN_RESERVE = 8 }; // descriptors, for files and for those who are told that there is no room

// Reads digits and one of k, m and g at *TEXT, which is moved behind them. False when there are none.
static bool parse_amount(const char **text, uint64_t *amount)
{
    static const char units[] = "kmg";
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *amount = strtoull(*text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    if (errno || *amount > UINT32_MAX)
        return false;
    *amount <<= unit ? 10 * (unit - units + 1) : 0;
    *text = unit ? end + 1 : end;
    return *amount <= UINT32_MAX;
}

// N, but no more than a bucket can count.
static uint64_t bounded(uint64_t n)
{
    return n < UINT32_MAX ? n : UINT32_MAX;
}

// Reads TEXT, "RATE" or "RATE:BURST". With a burst of nothing nobody would ever be let in.
static bool parse_rate(const char *text, struct bucket_rate *rate)
{
    enum { USUAL_BURST_S = 10 };
    if (!parse_amount(&text, &rate->per_s))
        return false;
    rate->burst = bounded(rate->per_s * USUAL_BURST_S);
    if (*text == ':') {
        text++;
        if (!parse_amount(&text, &rate->burst))
            return false;
    }
    return !*text && (rate->burst || !rate->per_s);
}

static struct bucket_rate times(const struct bucket_rate *rate, uint64_t factor)
{
    return (struct bucket_rate){ bounded(rate->per_s * factor), bounded(rate->burst * factor) };
}

static int read_rates(struct limits *l, const struct config *c, char error[CONFIG_ERROR_LEN])
{
    const struct {
        const char *const *text;
        struct bucket_rate *rate;
    } rates[] = {
        { &c->connection_rate, &l->source.conns_each },
        { &c->message_rate, &l->conns.meter.flows[FLOW_MESSAGES] },
        { &c->byte_rate, &l->conns.meter.flows[FLOW_BYTES] },
        { &c->join_rate, &l->conns.meter.flows[FLOW_JOINS] },
        { &c->log_rate, &l->log },
        { &c->stun_rate, &l->stun.rate },
        { &c->ice_rate, &l->ice.rate },
        { &c->failed_login_rate, &l->conns.meter.flows[FLOW_LOGINS] },
    };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (!parse_rate(*rates[i].text, rates[i].rate))
            return config_fault(error, &(struct config_claim){ c, rates[i].text, NULL },
                                "takes how many a second, and at once, such as 50:500, not '%.64s'", *rates[i].text);
    for (int i = 0; i < N_FLOWS; i++)
        l->source.flows_each[i] = times(&l->conns.meter.flows[i], (uint64_t)c->address_rate_factor);
    return 0;
}

int limits_read(struct limits *l, const struct config *c, char error[CONFIG_ERROR_LEN])
{
    *l =
        (struct limits){ .source = { .max_conns = (uint32_t)c->max_connections,
                                     .max_conns_each = (uint32_t)c->max_connections_per_address,
                                     .max_nameless_each = (uint32_t)c->max_nameless,
                                     .trusts_loopback = c->trust_loopback },
                         .conns = { .meter = { .is_on = !c->no_rate_limits, .patience_ms = (uint64_t)c->rate_patience },
                                    .stall_ms = (uint64_t)c->stall_timeout,
                                    .max_backlog = (size_t)c->max_queued },
                         .stun = { .trusts_loopback = c->trust_loopback },
                         .ice = { .trusts_loopback = c->trust_loopback } };
    return c->no_rate_limits ? 0 : read_rates(l, c, error);
}

struct limits_room limits_find_room(void)
{
    struct rlimit limit;
    int lowest_free = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest_free < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return (struct limits_room){ 0 };
    close(lowest_free);
    uint64_t n_left = limit.rlim_cur > (rlim_t)lowest_free ? limit.rlim_cur - (rlim_t)lowest_free : 0;
    uint64_t reserve = n_left / 16 < MAX_RESERVE ? n_left / 16 + MIN_RESERVE : MAX_RESERVE;
    uint64_t most = n_left > reserve ? n_left - reserve : 1;
    return (struct limits_room){ most < UINT32_MAX ? (uint32_t)most : UINT32_MAX, (uint32_t)reserve / 2 };
}

void limits_fit(struct source_opts *opts, const struct limits_room *room)
{
    if (!opts->max_conns)
        opts->max_conns = room->n_conns;
    opts->max_refused = room->n_refused;
}
