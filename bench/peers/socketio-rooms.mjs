// SPDX-License-Identifier: MIT
// The rooms dialect on npm's `socket.io`, written as a tutorial's reader would write it, without its logging.
//
// usage: node socketio-rooms.mjs PORT
import { createServer } from 'node:http';

import { Server } from 'socket.io';

const CAPACITY = 2;

const http = createServer();
const io = new Server(http);

/** The rooms that a socket has joined; every socket is also alone in one that is called like itself. */
function roomsOf(socket) {
  return [...socket.rooms].filter((room) => room !== socket.id);
}

io.on('connection', (socket) => {
  socket.on('create or join', (room) => {
    const count = io.sockets.adapter.rooms.get(room)?.size ?? 0;
    if (count >= CAPACITY) {
      socket.emit('full', room);
    } else if (count === 0) {
      socket.join(room);
      socket.emit('created', room, socket.id);
    } else {
      io.to(room).emit('join', room);
      socket.join(room);
      socket.emit('joined', room, socket.id);
      io.to(room).emit('ready', room);
    }
  });

  socket.on('message', (message) => {
    for (const room of roomsOf(socket)) socket.to(room).emit('message', message);
  });

  socket.on('bye', () => {
    for (const room of roomsOf(socket)) {
      socket.to(room).emit('bye', room);
      socket.leave(room);
    }
  });

  socket.on('disconnecting', () => {
    for (const room of roomsOf(socket)) socket.to(room).emit('bye', room);
  });
});

http.listen(Number(process.argv[2]), '127.0.0.1');
