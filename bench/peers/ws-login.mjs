// SPDX-License-Identifier: MIT
// The login dialect on npm's `ws`, written as a tutorial's reader would write it, without its logging.
//
// usage: node ws-login.mjs PORT
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]) });
const sockets = new Map(); // by name

function send(socket, message) {
  socket.send(JSON.stringify(message));
}

function login(socket, { name }) {
  const success = typeof name === 'string' && name !== '' && !sockets.has(name);
  if (success) {
    sockets.delete(socket.name);
    socket.name = name;
    sockets.set(name, socket);
  }
  send(socket, { type: 'login', success });
}

function relay(socket, message) {
  const other = sockets.get(message.name);
  if (!other) {
    send(socket, { type: 'error', message: `${message.name} is not here` });
    return;
  }
  switch (message.type) {
    case 'offer':
      socket.partner = message.name;
      send(other, { type: 'offer', offer: message.offer, name: socket.name });
      break;
    case 'answer':
      socket.partner = message.name;
      send(other, { type: 'answer', answer: message.answer });
      break;
    case 'candidate':
      send(other, { type: 'candidate', candidate: message.candidate });
      break;
    case 'leave':
      other.partner = undefined;
      socket.partner = undefined;
      send(other, { type: 'leave' });
      break;
    default:
      send(socket, { type: 'error', message: `Unrecognized command: ${message.type}` });
  }
}

server.on('connection', (socket) => {
  socket.on('message', (data) => {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      send(socket, { type: 'error', message: 'Not JSON' });
      return;
    }
    if (message.type === 'login') login(socket, message);
    else relay(socket, message);
  });

  socket.on('close', () => {
    sockets.delete(socket.name);
    const other = sockets.get(socket.partner);
    if (other) send(other, { type: 'leave' });
  });
});
