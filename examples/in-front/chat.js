import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

/** A service with WebSockets, which stands for yours: whoever is there gets what anybody says. */
export function createChat() {
  const server = createServer((_req, res) => res.end(`${rooms.clients.size} here\n`));
  const rooms = new WebSocketServer({ server });
  rooms.on('connection', (socket, { headers }) => {
    socket.on('error', () => socket.terminate());
    socket.on('message', (text) => {
      for (const client of rooms.clients)
        if (client.readyState === WebSocket.OPEN) client.send(`${headers['x-gateway-subject']}: ${text}`);
    });
  });
  return server;
}
