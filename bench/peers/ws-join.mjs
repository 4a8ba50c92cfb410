// SPDX-License-Identifier: MIT
// The join dialect on npm's `ws`, written as a tutorial's reader would write it, without its logging: one room for all.
//
// usage: node ws-join.mjs PORT
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]) });
const members = new Map(); // socket by id

function send(socket, message) {
  socket.send(JSON.stringify(message));
}

function sendToOthers(socket, message) {
  const text = JSON.stringify(message);
  for (const other of members.values()) {
    if (other !== socket) other.send(text);
  }
}

function join(socket, { id, nick }) {
  if (members.has(id)) {
    send(socket, { type: 'error', message: `${id} is taken` });
    return;
  }
  const peers = [...members.values()].map((member) => ({ id: member.id, nick: member.nick }));
  sendToOthers(socket, { type: 'join', payload: { id, nick } });
  socket.id = id;
  socket.nick = nick;
  members.set(id, socket);
  send(socket, { type: 'joined', payload: { id, peers } });
}

function leave(socket) {
  if (!members.delete(socket.id)) return;
  sendToOthers(socket, { type: 'leave', payload: { id: socket.id, nick: socket.nick } });
}

server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    const { id, nick } = socket;
    switch (message.type) {
      case 'join':
        join(socket, message);
        break;
      case 'offer':
        sendToOthers(socket, { ...message, id, nick });
        break;
      case 'answer':
      case 'icecandidate':
        if (members.has(message.receiverId)) send(members.get(message.receiverId), { ...message, id, nick });
        break;
      case 'leave':
        leave(socket);
        break;
    }
  });
  socket.on('close', () => leave(socket));
});
