const express = require('express4');
const { createGateway } = require('gatewright');
const { drive } = require('./scenario.cjs');

drive(createGateway, (gateway) => {
  const app = express();
  app.use(gateway);
  app.get('/app', (_req, res) => res.send('the app'));
  return app.handle.bind(app);
});
