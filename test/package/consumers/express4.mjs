import express from 'express4';
import { createGateway } from 'gatewright';
import { drive } from './scenario.cjs';

await drive(createGateway, (gateway) => {
  const app = express();
  app.use(gateway);
  app.get('/app', (_req, res) => res.send('the app'));
  return app.handle.bind(app);
});
