// SPDX-License-Identifier: MIT
// Unit tests of config/config.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

struct fixture {
    struct config_set set;
    struct config config; // of the first site
    char fault[512];      // the last one
    size_t n_faults;
};

static struct fixture fixture;

static void on_fault(void *user, const char *line)
{
    struct fixture *f = user;
    f->n_faults++;
    snprintf(f->fault, sizeof f->fault, "%s", line);
}

enum { MAX_ARGS = 16 };

static enum config_result parse(const char *const *args)
{
    char *argv[MAX_ARGS] = { "strowger" };
    int argc = 1;
    while (args[argc - 1]) {
        assert_in_range(argc, 1, MAX_ARGS - 1);
        argv[argc] = (char *)args[argc - 1];
        argc++;
    }
    config_free(&fixture.set);
    fixture.n_faults = 0;
    enum config_result result = config_read(&fixture.set, argc, argv, (struct fault_sink){ on_fault, &fixture });
    if (result == CONFIG_OK)
        fixture.config = fixture.set.sites[0];
    return result;
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

// Holds the arguments to one error message, which says all.
#define ASSERT_USAGE(message, ...)                                                                                     \
    do {                                                                                                               \
        assert_int_equal(PARSE(__VA_ARGS__), CONFIG_USAGE);                                                            \
        assert_int_equal(fixture.n_faults, 1);                                                                         \
        assert_string_equal(fixture.fault, message);                                                                   \
    } while (0)

static int teardown(void **state)
{
    (void)state;
    config_free(&fixture.set);
    unsetenv("STROWGER_PORT");
    unsetenv("STROWGER_WEB_ROOT");
    unsetenv("STROWGER_GREETING");
    unsetenv("STROWGER_MOUNT");
    return 0;
}

static void defaults_are_as_promised(void **state)
{
    (void)state;
    const struct config *c = &fixture.config;
    assert_int_equal(PARSE(), CONFIG_OK);
    assert_int_equal(c->port, 8888);
    assert_null(c->host);
    assert_int_equal(c->mount.n, 0);
    assert_null(c->web_root);
    assert_null(c->greeting);
    assert_string_equal(c->unknown_text, "Unrecognized command: ");
    assert_int_equal(c->max_message, 256 * 1024);
    assert_int_equal(c->ws_ping_interval, 25000);
    assert_int_equal(c->ws_ping_timeout, 10000);
    assert_int_equal(c->head_timeout, 10000);
    assert_int_equal(c->log_level, LOG_INFO);
}

static void flags_are_written_in_four_ways(void **state)
{
    (void)state;
    const struct config *c = &fixture.config;
    assert_int_equal(PARSE("--port", "1"), CONFIG_OK);
    assert_int_equal(c->port, 1);
    assert_int_equal(PARSE("--port=2"), CONFIG_OK);
    assert_int_equal(c->port, 2);
    assert_int_equal(PARSE("-p", "3"), CONFIG_OK);
    assert_int_equal(c->port, 3);
    assert_int_equal(PARSE("-p4"), CONFIG_OK);
    assert_int_equal(c->port, 4);
    assert_int_equal(PARSE("-p4", "--port=5", "-p6"), CONFIG_OK); // the last one counts
    assert_int_equal(c->port, 6);
    assert_int_equal(PARSE("--web-root=a=b"), CONFIG_OK);
    assert_string_equal(c->web_root, "a=b");
    assert_int_equal(PARSE("--web-root", "--port"), CONFIG_OK); // a value is a value
    assert_string_equal(c->web_root, "--port");
    assert_int_equal(PARSE("--unknown-text="), CONFIG_OK);
    assert_string_equal(c->unknown_text, "");
}

static void numbers_are_digits_within_bounds(void **state)
{
    (void)state;
    static const char *const nonsense[] = {
        "", "x", "-1", "+1", " 1", "1 ", "0x10", "1k", "1.5", "1e3", "٣", "1\n", "99999999999999999999"
    };
    assert_int_equal(PARSE("--port", "0"), CONFIG_OK);
    assert_int_equal(PARSE("--port", "65535"), CONFIG_OK);
    assert_int_equal(PARSE("--port", "00080"), CONFIG_OK);
    assert_int_equal(fixture.config.port, 80);
    ASSERT_USAGE("--port must be from 0 to 65535, not 65536", "--port", "65536");
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        char message[200];
        snprintf(message, sizeof message, "--port needs a number, not '%s'", nonsense[i]);
        ASSERT_USAGE(message, "--port", nonsense[i]);
    }
}

static void sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = { { "128", 128 }, { "1k", 1024 }, { "64k", 65536 }, { "17m", 17 << 20 }, { "1g", 1 << 30 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(PARSE("--max-message", rows[i].text), CONFIG_OK);
        assert_int_equal(fixture.config.max_message, rows[i].value);
    }
    ASSERT_USAGE("--max-message must be from 128 to 1g, not 127", "--max-message", "127");
    ASSERT_USAGE("--max-message must be from 128 to 1g, not 2g", "--max-message=2g");
    ASSERT_USAGE("--max-message must be from 128 to 1g, not 0", "--max-message=0");
    ASSERT_USAGE("--max-message needs a number of bytes such as 64k, 1m, not '1K'", "--max-message", "1K");
    ASSERT_USAGE("--max-message needs a number of bytes such as 64k, 1m, not '1kb'", "--max-message", "1kb");
    ASSERT_USAGE("--max-message needs a number of bytes such as 64k, 1m, not 'k'", "--max-message", "k");
    ASSERT_USAGE("--max-message needs a number of bytes such as 64k, 1m, not '10s'", "--max-message", "10s");
    ASSERT_USAGE("--max-message needs a number of bytes such as 64k, 1m, not '9007199254740992g'", "--max-message",
                 "9007199254740992g"); // 2^83
}

static void durations_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = { { "10ms", 10 }, { "600ms", 600 }, { "10s", 10000 }, { "5m", 300000 }, { "1h", 3600000 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(PARSE("--head-timeout", rows[i].text), CONFIG_OK);
        assert_int_equal(fixture.config.head_timeout, rows[i].value);
    }
    ASSERT_USAGE("--head-timeout must be from 10ms to 24h, not 9ms", "--head-timeout", "9ms");
    ASSERT_USAGE("--head-timeout must be from 10ms to 24h, not 0s", "--head-timeout", "0s");
    ASSERT_USAGE("--head-timeout must be from 10ms to 24h, not 25h", "--head-timeout", "25h");
    ASSERT_USAGE("--head-timeout needs a time such as 600ms, 10s, 5m, 1h, not '10'", "--head-timeout", "10");
    ASSERT_USAGE("--head-timeout needs a time such as 600ms, 10s, 5m, 1h, not '1d'", "--head-timeout", "1d");
    ASSERT_USAGE("--head-timeout needs a time such as 600ms, 10s, 5m, 1h, not '1s '", "--head-timeout", "1s ");
}

// As PeerJS's server takes them.
static void some_durations_may_be_milliseconds(void **state)
{
    (void)state;
    const struct config *c = &fixture.config;
    assert_int_equal(PARSE("--expire-timeout", "1500", "-t", "2000", "--alive_timeout=7s"), CONFIG_OK);
    assert_int_equal(c->expire_timeout, 2000);
    assert_int_equal(c->alive_timeout, 7000);
    ASSERT_USAGE("--expire-timeout needs a time such as 600ms, 10s, 5m, 1h, or milliseconds, not '1d'",
                 "--expire-timeout", "1d");
    ASSERT_USAGE("--expire-timeout must be from 10ms to 24h, not 9", "--expire-timeout", "9");
}

static void peerjs_server_has_other_names(void **state)
{
    (void)state;
    const struct config *c = &fixture.config;
    assert_int_equal(PARSE("-H", "::1", "--path", "/app", "--key=secret", "--concurrent_limit", "9"), CONFIG_OK);
    assert_string_equal(c->host, "::1");
    assert_string_equal(c->peerjs_path, "/app");
    assert_string_equal(c->peerjs_key, "secret");
    assert_int_equal(c->concurrent_limit, 9);
    assert_int_equal(PARSE("--allow_discovery", "--sslkey", "k.pem", "--sslcert=c.pem", "--cors", "https://a.example"),
                     CONFIG_OK);
    assert_int_equal(c->allow_discovery, 1);
    assert_string_equal(c->tls_key.items[0], "k.pem");
    assert_string_equal(c->tls_cert.items[0], "c.pem");
    assert_string_equal(c->allow_origin.items[0], "https://a.example");
    assert_int_equal(PARSE("-k", "secret", "--concurrent-limit", "8"), CONFIG_OK);
    assert_string_equal(c->peerjs_key, "secret");
    assert_int_equal(c->concurrent_limit, 8);
}

static void switches_are_on_or_off(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--room-log", "off"), CONFIG_OK);
    assert_int_equal(fixture.config.room_log, 0);
    assert_int_equal(PARSE("--room-log=on"), CONFIG_OK);
    assert_int_equal(fixture.config.room_log, 1);
    assert_int_equal(PARSE("--room-log", "1"), CONFIG_USAGE);
    assert_int_equal(PARSE("--room-log", ""), CONFIG_USAGE);
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--log-level", "error"), CONFIG_OK);
    assert_int_equal(fixture.config.log_level, LOG_ERROR);
    assert_int_equal(PARSE("--log-level=trace"), CONFIG_OK);
    assert_int_equal(fixture.config.log_level, LOG_TRACE);
    ASSERT_USAGE("--log-level is one of error|warn|info|debug|trace, not 'loud'", "--log-level", "loud");
    ASSERT_USAGE("--log-level is one of error|warn|info|debug|trace, not ''", "--log-level=");
}

static void texts_have_lengths(void **state)
{
    (void)state;
    char text[1026];
    memset(text, 'x', sizeof text);
    text[1025] = '\0';
    ASSERT_USAGE("--greeting takes 1 to 1024 bytes, not 1025", "--greeting", text);
    ASSERT_USAGE("--greeting takes 1 to 1024 bytes, not 0", "--greeting=");
    text[1024] = '\0';
    assert_int_equal(PARSE("--greeting", text), CONFIG_OK);
    assert_ptr_equal(fixture.config.greeting, text);
}

static void lists_gather_in_order(void **state)
{
    (void)state;
    const struct config_list *mount = &fixture.config.mount;
    assert_int_equal(PARSE("--mount", "/a=echo", "-p", "1", "--mount=/b=login", "--mount", "/a=join"), CONFIG_OK);
    assert_int_equal(mount->n, 3);
    assert_string_equal(mount->items[0], "/a=echo");
    assert_string_equal(mount->items[1], "/b=login");
    assert_string_equal(mount->items[2], "/a=join");
    ASSERT_USAGE("--mount takes 1 to 1024 bytes, not 0", "--mount", "/a=echo", "--mount", "");
}

static void help_and_version_come_before_what_follows(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-h"), CONFIG_HELP);
    assert_int_equal(PARSE("--help"), CONFIG_HELP);
    assert_int_equal(PARSE("-v"), CONFIG_VERSION);
    assert_int_equal(PARSE("--version"), CONFIG_VERSION);
    assert_int_equal(PARSE("-p1", "--help", "--nonsense"), CONFIG_HELP);
    assert_int_equal(PARSE("--nonsense", "--help"), CONFIG_USAGE);
}

static void unknown_options_are_named_with_a_suggestion(void **state)
{
    (void)state;
    ASSERT_USAGE("unknown option '--prot'; did you mean --port?", "--prot");
    ASSERT_USAGE("unknown option '--prt'; did you mean --port?", "--prt=80");
    ASSERT_USAGE("unknown option '--webroot'; did you mean --web-root?", "--webroot", "x");
    ASSERT_USAGE("unknown option '--Port'; did you mean --port?", "--Port", "1");
    ASSERT_USAGE("unknown option '--por'; did you mean --port?", "--por");
    ASSERT_USAGE("unknown option '--ports'; did you mean --port?", "--ports=1");
    ASSERT_USAGE("unknown option '--frobnicate'; --help lists them", "--frobnicate");
    ASSERT_USAGE("unknown option '-x'; --help lists them", "-x");
    ASSERT_USAGE("unknown option '-'; --help lists them", "-");
    ASSERT_USAGE("unknown option '-help'; --help lists them", "-help");
    ASSERT_USAGE("'8888' is no option; --help lists them", "8888");
    ASSERT_USAGE("'' is no option; --help lists them", "");
    char text[600] = "--";
    memset(text + 2, 'y', 590);
    assert_int_equal(PARSE(text), CONFIG_USAGE);
    assert_true(strlen(fixture.fault) < 100);
}

static void values_must_be_there(void **state)
{
    (void)state;
    ASSERT_USAGE("--port needs a value: PORT", "--port");
    ASSERT_USAGE("-p needs a value: PORT", "-p");
    ASSERT_USAGE("--mount needs a value: PATH=DIALECT", "-p1", "--mount");
}

static void the_environment_counts_less_than_flags(void **state)
{
    (void)state;
    setenv("STROWGER_PORT", "1", 1);
    setenv("STROWGER_WEB_ROOT", "/a", 1);
    setenv("STROWGER_GREETING", "", 1); // says nothing
    assert_int_equal(PARSE("--web-root", "/b"), CONFIG_OK);
    assert_int_equal(fixture.config.port, 1);
    assert_string_equal(fixture.config.web_root, "/b");
    assert_null(fixture.config.greeting);
    setenv("STROWGER_PORT", "x", 1);
    assert_int_equal(PARSE(), CONFIG_WRONG);
    assert_string_equal(fixture.fault, "STROWGER_PORT needs a number, not 'x'");
}

static void lists_of_the_environment_have_commas(void **state)
{
    (void)state;
    const struct config_list *mount = &fixture.config.mount;
    setenv("STROWGER_MOUNT", "/a=echo,/b=login", 1);
    assert_int_equal(PARSE(), CONFIG_OK);
    assert_int_equal(mount->n, 2);
    assert_string_equal(mount->items[0], "/a=echo");
    assert_string_equal(mount->items[1], "/b=login");
    assert_int_equal(PARSE("--mount", "/c=join"), CONFIG_OK); // instead, not beside
    assert_int_equal(mount->n, 1);
    assert_string_equal(mount->items[0], "/c=join");
    setenv("STROWGER_MOUNT", "/a=echo,", 1);
    assert_int_equal(PARSE(), CONFIG_WRONG);
    assert_string_equal(fixture.fault, "STROWGER_MOUNT takes 1 to 1024 bytes, not 0");
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(defaults_are_as_promised),
        UNIT_TEST(flags_are_written_in_four_ways),
        UNIT_TEST(numbers_are_digits_within_bounds),
        UNIT_TEST(sizes_have_units),
        UNIT_TEST(durations_have_units),
        UNIT_TEST(some_durations_may_be_milliseconds),
        UNIT_TEST(peerjs_server_has_other_names),
        UNIT_TEST(switches_are_on_or_off),
        UNIT_TEST(levels_have_names),
        UNIT_TEST(texts_have_lengths),
        UNIT_TEST(lists_gather_in_order),
        UNIT_TEST(help_and_version_come_before_what_follows),
        UNIT_TEST(unknown_options_are_named_with_a_suggestion),
        UNIT_TEST(values_must_be_there),
        UNIT_TEST(the_environment_counts_less_than_flags),
        UNIT_TEST(lists_of_the_environment_have_commas),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
