/** The lower limit for Node, in its own process: sends one prepared message to every socket. */

import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from './child.ts';
import { toMessage } from './subscription.ts';

const [id = ''] = process.argv.slice(2);
const message = Buffer.from(toMessage(id));
const subscribed = new Set<WebSocket>();

const server = createServer((request, response) => {
  request.resume();
  for (const socket of subscribed) socket.send(message, { binary: false });
  response.writeHead(204).end();
});
new WebSocketServer({ server, handleProtocols: () => 'graphql-transport-ws' }).on('connection', (socket) => {
  socket.once('message', () => {
    socket.send('{"type":"connection_ack"}');
    socket.once('message', () => subscribed.add(socket));
  });
  socket.on('close', () => subscribed.delete(socket));
});
serve(server);
