#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does to a program what systemd would: holds its sockets, starts it with them, and hears what it notifies.

usage: supervisor.py TCP UDP WATCHDOG_USEC PROGRAM [ARGUMENT]...

TCP and UDP say how many sockets of each are bound to one free port of 127.0.0.1 and handed down; 0 TCP sockets: nothing is.
Commands come on stdin, one a line: `start`, and `stop`, `HUP`, `STOP` or `CONT`, which go to the oldest process. What
happens is told on stdout, an object of JSON a line: port, started, notified, ended.
"""
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile

SIGNALS = {"stop": signal.SIGTERM, "HUP": signal.SIGHUP, "STOP": signal.SIGSTOP, "CONT": signal.SIGCONT}
FIRST_FD = 3


def tell(**event):
    print(json.dumps(event), flush=True)


def bind(n_tcp, n_udp):
    """Sockets at one port, shared when there are several."""
    sockets, port = [], 0
    for kind in [socket.SOCK_STREAM] * n_tcp + [socket.SOCK_DGRAM] * n_udp:
        held = socket.socket(socket.AF_INET, kind)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1 if max(n_tcp, n_udp) > 1 else 0)
        held.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            held.listen(4096)
        port = held.getsockname()[1]
        sockets.append(held)
    return sockets, port


def spawn(command, sockets, notify_path, watchdog):
    """Forks COMMAND with SOCKETS from descriptor 3 on; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    high = [os.dup(held.fileno()) for held in sockets]
    while high and min(high) < FIRST_FD + len(high):
        high = [os.dup(fd) for fd in high]
    for i, fd in enumerate(high):
        os.dup2(fd, FIRST_FD + i, inheritable=True)
    env = dict(os.environ, NOTIFY_SOCKET=notify_path)
    if sockets:
        env |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(sockets))}
    if watchdog:
        env |= {"WATCHDOG_PID": str(os.getpid()), "WATCHDOG_USEC": watchdog}
    with contextlib.suppress(OSError):
        os.dup2(2, 1)
        os.execve(command[0], command, env)
    os._exit(127)


def main():
    n_tcp, n_udp, watchdog, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].strip("0"), sys.argv[4:]
    watchdog = sys.argv[3] if watchdog else ""
    with tempfile.TemporaryDirectory() as directory:
        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notified.bind(f"{directory}/notify")
        sockets, port = bind(n_tcp, n_udp)
        tell(event="port", port=port)
        ready = selectors.DefaultSelector()
        ready.register(sys.stdin, selectors.EVENT_READ, "command")
        ready.register(notified, selectors.EVENT_READ, "notified")
        pids = {}
        while pids or ready.get_map().get(sys.stdin.fileno()):
            for key, _ in ready.select():
                if key.data == "notified":
                    tell(event="notified", lines=notified.recv(4096).decode().split("\n"))
                elif key.data == "command":
                    line = sys.stdin.readline().strip()
                    if line == "start":
                        pid = spawn(command, sockets, f"{directory}/notify", watchdog)
                        pids[pid] = os.pidfd_open(pid)
                        ready.register(pids[pid], selectors.EVENT_READ, pid)
                        tell(event="started", pid=pid)
                    elif line:
                        os.kill(min(pids), SIGNALS[line])
                    else:
                        ready.unregister(sys.stdin)
                        for pid in pids:
                            os.kill(pid, signal.SIGTERM)
                            os.kill(pid, signal.SIGCONT)
                else:
                    ready.unregister(key.fd)
                    os.close(key.fd)
                    del pids[key.data]
                    tell(event="ended", pid=key.data, code=os.waitstatus_to_exitcode(os.waitpid(key.data, 0)[1]))


main()
