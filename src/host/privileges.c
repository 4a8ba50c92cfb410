// SPDX-License-Identifier: MIT
// Gives up what only the start needs; see privileges.h.
#include "host/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

// What finds a leak looks into the process from another one of its own, which those who gave up a user are closed to.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = true };
#elif defined(__has_feature)
enum { IS_SANITIZED = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) };
#else
enum { IS_SANITIZED = false };
#endif

enum { NOBODY = 65534 }; // where no file of users names it

struct identity {
    const char *name; // NULL: a number alone
    uid_t uid;
    gid_t gid;
};

// Finds the USER called so. 0 or -ENOENT.
static int find(const char *user, struct identity *id)
{
    const struct passwd *p = getpwnam(user);
    if (p) {
        *id = (struct identity){ .name = user, .uid = p->pw_uid, .gid = p->pw_gid };
        return 0;
    }
    char *rest;
    errno = 0;
    unsigned long number = strtoul(user, &rest, 10);
    bool is_number = *user >= '0' && *user <= '9' && !*rest && !errno && number < UINT32_MAX;
    if (!is_number)
        return -ENOENT;
    p = getpwuid((uid_t)number);
    *id = (struct identity){ .uid = (uid_t)number, .gid = p ? p->pw_gid : (gid_t)number };
    return 0;
}

// Keeps of our capabilities at most CAP_DAC_READ_SEARCH, and that only if it KEEPS_READING. 0 or a negative errno.
static int drop_capabilities(bool keeps_reading)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &head, sets) != 0)
        return -errno;
    uint32_t kept = keeps_reading ? sets[0].permitted & (1U << CAP_DAC_READ_SEARCH) : 0;
    if (sets[0].effective == kept && sets[0].permitted == kept && !sets[1].permitted)
        return 0; // a service that never had any may not even ask
    memset(sets, 0, sizeof sets);
    sets[0].permitted = sets[0].effective = kept;
    return syscall(SYS_capset, &head, sets) == 0 ? 0 : -errno;
}

static int become(const struct identity *id, bool keeps_reading)
{
    int err = id->name ? initgroups(id->name, id->gid) : setgroups(1, &id->gid);
    if (err || prctl(PR_SET_KEEPCAPS, keeps_reading) != 0 || setresgid(id->gid, id->gid, id->gid) != 0 ||
        setresuid(id->uid, id->uid, id->uid) != 0)
        return -errno;
    if (IS_SANITIZED)
        prctl(PR_SET_DUMPABLE, 1);
    return drop_capabilities(keeps_reading);
}

// As find(), with ERROR and -EIO when somebody who was named is not there.
static int find_wanted(const char *user, struct identity *id, char error[PRIVILEGES_ERROR_LEN])
{
    *id = (struct identity){ .uid = NOBODY, .gid = NOBODY };
    if (find(user ? user : "nobody", id) == 0 || !user)
        return 0;
    snprintf(error, PRIVILEGES_ERROR_LEN, "'%.64s': there is no such user", user);
    return -EIO;
}

int privileges_check(const char *user, char error[PRIVILEGES_ERROR_LEN])
{
    struct identity id;
    return find_wanted(user, &id, error);
}

int privileges_drop(const char *user, bool keeps_reading, char error[PRIVILEGES_ERROR_LEN])
{
    struct identity id;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int err = find_wanted(user, &id, error);
    if (err)
        return err;
    if (geteuid() == 0 && id.uid == 0)
        return 0;
    bool stays = geteuid() != 0 && (!user || id.uid == geteuid());
    err = stays ? drop_capabilities(keeps_reading) : become(&id, keeps_reading);
    if (!err)
        return 0;
    if (user) {
        snprintf(error, PRIVILEGES_ERROR_LEN, "'%.64s': %s", user, strerror(-err));
        return -EIO;
    }
    log_write(LOG_WARN, "running as root; choose a user with --user", LOG_TEXT("reason", strerror(-err)));
    return 0;
}
