import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { closeFrame, FrameTracker } from '../../src/proxy-router/websocket-frames.js';
import { frame } from './support.js';

const anyFrame = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  length: fc.oneof(fc.nat(300), fc.constantFrom(0, 125, 126, 127, 65_535, 65_536)),
  masked: fc.boolean(),
  fin: fc.boolean(),
});

test('frames end where they end, whatever pieces they come in', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 }),
      (frames, sizes) => {
        const parts = frames.map(({ opcode, length, masked, fin }) =>
          frame(opcode, Buffer.alloc(length, 0x88), masked, fin),
        );
        const bytes = Buffer.concat(parts);
        const tracker = new FrameTracker();
        const ends: number[] = [];
        let at = 0;
        for (let turn = 0; at < bytes.length; turn++) {
          const piece = bytes.subarray(at, at + (sizes[turn % sizes.length] as number));
          for (let within = 0; within < piece.length; ) {
            within = tracker.follow(piece, within);
            if (tracker.atBoundary) ends.push(at + within);
          }
          at += piece.length;
        }
        let end = 0;
        expect(ends).toEqual(parts.map((part) => (end += part.length)));
        expect(tracker.closed).toBe(false);
      },
    ),
  );
});

test.each([true, false])('a Close frame is seen when it has passed whole (masked: %s)', (masked) => {
  const tracker = new FrameTracker();
  const bytes = closeFrame(1001, masked);
  tracker.followAll(bytes.subarray(0, -1));
  expect([tracker.closed, tracker.atBoundary]).toEqual([false, false]);
  tracker.followAll(bytes.subarray(-1));
  expect([tracker.closed, tracker.atBoundary]).toEqual([true, true]);
});

test('a frame whose length is absurd never ends', () => {
  const tracker = new FrameTracker();
  tracker.followAll(Buffer.concat([Buffer.of(0x82, 0x7f), Buffer.alloc(8, 0xff), Buffer.alloc(100_000)]));
  expect([tracker.closed, tracker.atBoundary]).toEqual([false, false]);
});
