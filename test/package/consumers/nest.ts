import 'reflect-metadata';
import type { Server } from 'node:http';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createGateway } from 'gatewright';
import { drive } from './scenario.cjs';

@Injectable()
class Greeting {
  say(): string {
    return 'the app';
  }
}

@Controller()
class AppController {
  constructor(private readonly greeting: Greeting) {}

  @Get('/app')
  hello(): string {
    return this.greeting.say();
  }
}

@Module({ controllers: [AppController], providers: [Greeting] })
class AppModule {}

void drive(createGateway, async (gateway): Promise<Server> => {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: false });
  app.use(gateway);
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer();
});
