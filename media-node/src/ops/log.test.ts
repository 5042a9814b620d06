import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

function lines(
  run: (log: ReturnType<typeof createLog>) => void,
  least: 'debug' | 'warn' = 'debug',
) {
  const written: string[] = [];
  run(
    createLog(
      (line) => written.push(line),
      least,
      () => 0,
    ),
  );
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('log', () => {
  it('writes time, level, event and fields as one JSON line', () => {
    expect(
      lines((log) => log('info', 'call-answered', { call_id: 'SCL_x', after_ms: 12 })),
    ).toEqual([
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'info',
        event: 'call-answered',
        call_id: 'SCL_x',
        after_ms: 12,
      },
    ]);
  });

  it.each([
    'token',
    'room_token',
    'nodeToken',
    'password',
    'authorization',
    'credentials',
    'pin',
    'digits',
    'ticket',
    'nonce_key',
  ])('never shows a field named %s, however deep', (name) => {
    const text = JSON.stringify(
      lines((log) => log('info', 'x', { a: { b: [{ [name]: 'hush' }] }, [name]: 'hush' })),
    );
    expect(text).not.toContain('hush');
  });

  it('keeps the last four characters of a number', () => {
    expect(lines((log) => log('info', 'x', { from_user: '+15550199' }))[0]).toMatchObject({
      from_user: '*****0199',
    });
  });

  it('masks the numbers that a sentence or an error quotes', () => {
    const text = 'No trunk has +15550111 among its numbers.';
    const [sentence, error] = lines((log) => {
      log('info', 'x', { why: text });
      log('info', 'x', { why: new Error(text) });
    });
    expect(sentence).toMatchObject({ why: 'No trunk has *****0111 among its numbers.' });
    expect(error?.['why']).toBe(sentence?.['why']);
  });

  it('cuts long texts and keeps a line a line', () => {
    const [line] = lines((log) => log('info', 'x', { phrase: `a\r\n${'b'.repeat(500)}` }));
    expect(String(line?.['phrase']).length).toBeLessThan(220);
  });

  it('drops what is below its level', () => {
    expect(lines((log) => log('info', 'x'), 'warn')).toEqual([]);
  });
});
