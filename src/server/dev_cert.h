// SPDX-License-Identifier: MIT
// A certificate for trying things out: made at the start for this machine's names and addresses, signed by itself.
//
// Browsers hide camera and microphone from plain http on anything but localhost, so a telephone can't be tried without
// https. They warn of such a certificate once; it is not for use, and its key is never stored.
#ifndef STROWGER_SERVER_DEV_CERT_H
#define STROWGER_SERVER_DEV_CERT_H

#include "net/tls_context.h"

// Has X's new connections use a new certificate. 0 or -EIO.
[[gnu::warn_unused_result]] int dev_cert_use(struct tls_context *x);

#endif
