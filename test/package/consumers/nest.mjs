import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createGateway } from 'gatewright';
import { drive } from './scenario.cjs';

// What the decorators of a TypeScript project do.
class AppController {
  hello() {
    return 'the app';
  }
}
Get('/app')(
  AppController.prototype,
  'hello',
  Object.getOwnPropertyDescriptor(AppController.prototype, 'hello'),
);
Controller()(AppController);

class AppModule {}
Module({ controllers: [AppController] })(AppModule);

await drive(createGateway, async (gateway) => {
  const app = await NestFactory.create(AppModule, { logger: false });
  app.use(gateway);
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer();
});
