// Says something in the chat, and prints what comes back: node client.js URL TEXT, with the key in the variable KEY.
import { WebSocket } from 'ws';

const [url = 'ws://127.0.0.1:8080/chat', text = 'Hello'] = process.argv.slice(2);
const socket = new WebSocket(url, { headers: { 'X-API-Key': process.env.KEY ?? '' } });

socket.on('open', () => socket.send(text));
socket.on('message', (message) => {
  console.log(String(message));
  socket.close();
});
socket.on('error', ({ message }) => {
  console.log(message);
  process.exitCode = 1;
});
