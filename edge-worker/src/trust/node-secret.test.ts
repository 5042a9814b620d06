import { describe, expect, it } from 'vitest';
import { makeNodeSecret, readNodeSecret } from './node-secret.ts';

const key = new Uint8Array(32).fill(1);

describe('codes and tokens of nodes', () => {
  it('name their node, and are never the same twice', () => {
    const [one, other] = [
      makeNodeSecret('token', 'fra-1', key),
      makeNodeSecret('token', 'fra-1', key),
    ];
    expect(readNodeSecret('token', one.text, key)).toEqual(one);
    expect(one.name).toBe('fra-1');
    expect(one.text).not.toBe(other.text);
    expect(one.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are refused when they are made up, altered, of another deployment or of the other kind', () => {
    const { text } = makeNodeSecret('token', 'fra-1', key);
    const code = makeNodeSecret('code', 'fra-1', key).text;
    for (const wrong of ['', 'x', text.slice(1), text.replace('fra', 'ams'), code, `${text}0`])
      expect(readNodeSecret('token', wrong, key), wrong).toBeNull();
    expect(readNodeSecret('token', text, new Uint8Array(32))).toBeNull();
  });
});
