import { describe, expect, it } from 'vitest';
import { trunkOptionsFault, trunkOptionsOf } from './trunk-options.ts';

const metadata = (callgate: unknown) => JSON.stringify({ team: 'sales', callgate });

describe('options of a trunk', () => {
  it('are read from the member callgate of its metadata', () => {
    const options = {
      max_calls: 30,
      calls_per_second: 2.5,
      calls_burst: 10,
      digest_algorithms: ['MD5'],
    };
    expect(trunkOptionsFault(metadata(options))).toBeNull();
    expect(trunkOptionsOf(metadata(options))).toEqual(options);
  });

  it.each([
    '',
    'sales',
    '{"team":"sales"}',
    '{"callgate"',
    '["callgate"]',
    '"\\"callgate\\""',
    'null',
  ])('are none in %j, which is as good as any metadata', (text) => {
    expect(trunkOptionsFault(text)).toBeNull();
    expect(trunkOptionsOf(text)).toEqual({});
  });

  it.each<[unknown, string]>([
    [7, 'metadata.callgate'],
    [{ max_calls: '30' }, 'metadata.callgate.max_calls'],
    [{ max_calls: -1 }, 'metadata.callgate.max_calls'],
    [{ max_calls: 1.5 }, 'metadata.callgate.max_calls'],
    [{ calls_per_second: 0 }, 'metadata.callgate.calls_per_second'],
    [{ calls_burst: 5 }, 'metadata.callgate.calls_burst'],
    [{ digest_algorithms: [] }, 'metadata.callgate.digest_algorithms'],
    [{ digest_algorithms: ['MD5', 'MD5'] }, 'metadata.callgate.digest_algorithms'],
    [{ digest_algorithms: ['SHA-1'] }, 'metadata.callgate.digest_algorithms.0'],
    [{ colour: 'red' }, 'metadata.callgate.colour'],
  ])('%j is a fault of %s', (options, field) => {
    const fault = trunkOptionsFault(metadata(options));
    expect(fault?.field).toBe(field);
    expect(fault?.msg).toContain(field);
  });

  it('that cannot be read are none', () => {
    expect(trunkOptionsOf(metadata({ max_calls: 'x' }))).toEqual({});
  });
});
