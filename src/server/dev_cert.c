// SPDX-License-Identifier: MIT
// A certificate for trying things out; see dev_cert.h.
#include "server/dev_cert.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/rand.h"

enum {
    DAYS = 30,           // of validity; the next start makes another
    CLOCK_SKEW_S = 3600, // a telephone's clock may be late
    ALL_NAMES_LEN = 4096,
};

// A name or address in the form of OpenSSL's configuration, "DNS:localhost,IP:127.0.0.1".
struct names {
    char text[ALL_NAMES_LEN];
    size_t len;
};

static void add_name(struct names *n, const char *kind, const char *name)
{
    size_t room = sizeof n->text - n->len;
    int len = snprintf(n->text + n->len, room, "%s%s:%s", n->len ? "," : "", kind, name);
    if (len > 0 && (size_t)len < room)
        n->len += (size_t)len;
    else
        n->text[n->len] = 0; // more than fits: that machine has others
}

// A host name may be anything; in a certificate it is letters, digits, dots and hyphens.
static bool is_dns_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
    return len && !name[len] && name[0] != '.' && name[0] != '-';
}

static void add_addresses(struct names *n)
{
    uv_interface_address_t *found;
    int n_found;
    if (uv_interface_addresses(&found, &n_found) != 0)
        return;
    for (int i = 0; i < n_found; i++) {
        char ip[INET6_ADDRSTRLEN];
        if (found[i].address.address4.sin_family == AF_INET)
            uv_ip4_name(&found[i].address.address4, ip, sizeof ip);
        else
            uv_ip6_name(&found[i].address.address6, ip, sizeof ip);
        add_name(n, "IP", ip);
    }
    uv_free_interface_addresses(found, n_found);
}

static void find_names(struct names *n)
{
    char host[256] = "", local[sizeof host + sizeof ".local"];
    add_name(n, "DNS", "localhost");
    if (gethostname(host, sizeof host - 1) == 0 && is_dns_name(host)) {
        add_name(n, "DNS", host);
        snprintf(local, sizeof local, "%s.local", host); // as mDNS calls it on a home's network
        if (!strchr(host, '.'))
            add_name(n, "DNS", local);
    }
    add_addresses(n);
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool is_added = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool set_serial(X509 *cert)
{
    uint64_t serial;
    rand_fill(&serial, sizeof serial);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1) == 1;
}

static bool fill(X509 *cert, EVP_PKEY *key)
{
    struct names names = { 0 };
    X509_NAME *subject = X509_get_subject_name(cert);
    find_names(&names);
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -CLOCK_SKEW_S) &&
           X509_gmtime_adj(X509_getm_notAfter(cert), DAYS * 24L * 60 * 60) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"strowger --dev", -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth") &&
           add_extension(cert, NID_subject_alt_name, names.text) && X509_sign(cert, key, EVP_sha256()) > 0;
}

int dev_cert_use(struct tls_context *x)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    int err = key && cert && fill(cert, key) && tls_context_use(x, cert, key) == 0 ? 0 : -EIO;
    X509_free(cert);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}
