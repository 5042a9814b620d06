import { describe, expect, it } from 'vitest';
import { FrameCutter } from './frame-cutter.ts';

/** Feeds runs of rising samples and answers [first sample, length, offset] of each frame. */
function cut(lengths: readonly number[], runs: readonly number[]): [number, number, number][] {
  const cutter = new FrameCutter(lengths);
  const frames: [number, number, number][] = [];
  let next = 0;
  for (const run of runs) {
    const samples = Int16Array.from({ length: run }, (_, i) => next + i);
    next += run;
    cutter.cut(samples, (frame, offset) => frames.push([frame[0] ?? -1, frame.length, offset]));
  }
  return frames;
}

const opus = [480, 320, 160, 80, 40, 20];

describe('FrameCutter', () => {
  it.each<[string, readonly number[], readonly number[], [number, number, number][]]>([
    [
      '20 ms pass as they are',
      opus,
      [160, 160],
      [
        [0, 160, 0],
        [160, 160, 0],
      ],
    ],
    [
      '10 ms pass as they are',
      opus,
      [80, 80],
      [
        [0, 80, 0],
        [80, 80, 0],
      ],
    ],
    [
      '30 ms become 20 and 10',
      opus,
      [240],
      [
        [0, 160, 0],
        [160, 80, 160],
      ],
    ],
    ['60 ms pass as they are', opus, [480], [[0, 480, 0]]],
    ['10 ms wait for 20', [160], [80, 80], [[0, 160, -80]]],
    [
      '60 ms become three of 20',
      [160],
      [480],
      [
        [0, 160, 0],
        [160, 160, 160],
        [320, 160, 320],
      ],
    ],
    [
      '30 ms twice become three of 20',
      [160],
      [240, 240],
      [
        [0, 160, 0],
        [160, 160, -80],
        [320, 160, 80],
      ],
    ],
    [
      'odd lengths keep their rest',
      opus,
      [192, 192],
      [
        [0, 160, 0],
        [160, 20, 160],
        [180, 160, -12],
        [340, 40, 148],
      ],
    ],
  ])('%s', (_what, lengths, runs, frames) => {
    expect(cut(lengths, runs)).toEqual(frames);
  });

  it('forgets what was left over', () => {
    const cutter = new FrameCutter([160]);
    const take = () => {
      throw new Error('no frame is due');
    };
    cutter.cut(new Int16Array(100), take);
    expect(cutter.reset()).toBe(100);
    cutter.cut(new Int16Array(100), take);
  });

  it('is not overrun by a run longer than a packet can hold', () => {
    const cutter = new FrameCutter([160]);
    let samples = 0;
    cutter.cut(new Int16Array(50_000), (frame) => {
      samples += frame.length;
    });
    expect(samples).toBe(5_760);
  });
});
