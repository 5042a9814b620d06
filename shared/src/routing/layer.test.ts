import { describe, expect, it } from 'vitest';
import { buildLayer, eachNode, nodesFor } from './layer.ts';

interface Item {
  readonly name: string;
  readonly keys: readonly string[] | null;
}

const item = (name: string, ...keys: string[]): Item => ({ name, keys });
const wild = (name: string): Item => ({ name, keys: null });
const layerOf = (...items: Item[]) =>
  buildLayer(
    items,
    ({ keys }) => keys,
    (together) => ({ names: together.map(({ name }) => name) }),
  );

describe('a layer', () => {
  it('leads a key to the items that have it and to those without keys', () => {
    const layer = layerOf(item('a', '1', '2'), item('b', '2'), wild('w'));
    expect(nodesFor(layer, '2')).toEqual([{ names: ['a', 'b'] }, { names: ['w'] }]);
    expect(nodesFor(layer, '3')).toEqual([{ names: ['w'] }]);
  });

  it('has no node for any when every item has keys', () => {
    expect(nodesFor(layerOf(item('a', '1')), '2')).toEqual([]);
  });

  it('makes one node for keys with the same items', () => {
    const layer = layerOf(item('a', '1', '2', '3'), item('b', '2', '3'));
    expect(layer.byKey.get('2')).toBe(layer.byKey.get('3'));
    expect(layer.byKey.get('1')).not.toBe(layer.byKey.get('2'));
  });

  it('names each node once, with the first key that leads to it', () => {
    const layer = layerOf(item('a', '1', '2'), wild('w'));
    expect([...eachNode(layer)]).toEqual([
      [null, { names: ['w'] }],
      ['1', { names: ['a'] }],
    ]);
  });

  it('takes names of the prototype for keys like any other', () => {
    const layer = layerOf(item('a', '__proto__', 'constructor'));
    expect(nodesFor(layer, '__proto__')).toEqual([{ names: ['a'] }]);
    expect(nodesFor(layer, 'toString')).toEqual([]);
  });
});
