import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { encodeShard, OpenShard, type ShardGroup, textBytes } from './shard.ts';

const credential = { username: 'alice', realm: 'LiveKit', ha1: {} };

function trunk(id: string, number: string) {
  const info = new SIPInboundTrunkInfo({ sipTrunkId: id, numbers: [number] });
  return { info, credential: id === 'ST_b' ? credential : null };
}

const rule = (id: string) =>
  new SIPDispatchRuleInfo({
    sipDispatchRuleId: id,
    rule: { rule: { case: 'dispatchRuleDirect', value: { roomName: 'r' } } },
  });

function opened(groups: readonly (readonly [string, ShardGroup])[]) {
  const text = encodeShard(new Map(groups), 'number');
  return new OpenShard(text, { allowTrunklessCalls: false, keying: 'number' });
}

describe('a shard', () => {
  it('gives the trunks, rules and credentials of a number, and the number to each trunk', () => {
    const shard = opened([
      ['+1', { trunks: [trunk('ST_a', '+1')], rules: [rule('SDR_b')] }],
      ['+2', { trunks: [trunk('ST_b', '+2')], rules: [rule('SDR_a'), rule('SDR_b')] }],
    ]);
    const part = shard.part('+2')?.part;
    expect(part?.routing.trunks.map(({ info }) => [info.sipTrunkId, info.numbers])).toEqual([
      ['ST_b', ['+2']],
    ]);
    expect(part?.routing.rules.map(({ id }) => id)).toEqual(['SDR_a', 'SDR_b']);
    expect(part?.credentials.get('ST_b')).toEqual(credential);
    expect(shard.part('+1')?.part.routing.trunks.map(({ id }) => id)).toEqual(['ST_a']);
  });

  it('has nothing for a number that only begins like one of its own, or looks like its text', () => {
    const shard = opened([['+12', { trunks: [trunk('ST_a', '+12')], rules: [rule('SDR_a')] }]]);
    for (const key of ['+1', '+123', '', '12', '+12",[0],[0]]', '[1,1]']) {
      expect(shard.part(key), key).toBeNull();
    }
  });

  it('finds keys of any characters, each its own', () => {
    const keys = ['', '"', '\\', '\n["+1",[0],[]]', '",[0],[]]', '+1', 'Ж', '\u{1f600}', '\ud800'];
    const shard = opened(
      keys.map((key, n) => [key, { trunks: [trunk(`ST_${n}`, key)], rules: [] }]),
    );
    for (const [n, key] of keys.entries())
      expect(shard.part(key)?.part.routing.trunks.map(({ id }) => id)).toEqual([`ST_${n}`]);
  });

  it('is the same text whatever the order its content comes in', () => {
    const groups: [string, ShardGroup][] = [
      ['+1', { trunks: [trunk('ST_a', '+1')], rules: [rule('SDR_b'), rule('SDR_a')] }],
      ['+2', { trunks: [trunk('ST_b', '+2')], rules: [rule('SDR_a'), rule('SDR_b')] }],
    ];
    const backwards = new Map(groups.toReversed());
    expect(encodeShard(backwards, 'number')).toBe(encodeShard(new Map(groups), 'number'));
  });

  it('counts a character that is not Latin-1 for a text of two bytes each', () => {
    expect([textBytes('+1é'), textBytes('+1Ж')]).toEqual([3, 6]);
  });
});
