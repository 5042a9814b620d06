/**
 * Which places of the published routing an object lies in, and what lies in a place. A trunk lies in the buckets of its numbers, a wildcard trunk
 * in the common place. A rule lies under the most special thing it names: in the buckets of its numbers, else of its callers, else where its trunks lie, else in the
 * common place; and with a PIN also in the bucket of its PIN. A broad rule, whose trunks have more numbers than broadNumbers, lies in the common place: an edit
 * of it must not rewrite every bucket.
 */

import { publishLimits } from '@callgate/shared/limits.ts';
import { compileRouting } from '@callgate/shared/routing/compile.ts';
import { digestRealm } from '@callgate/shared/routing/digest-realm.ts';
import { eachNode } from '@callgate/shared/routing/layer.ts';
import type { SIPDispatchRuleInfo } from '@livekit/protocol';
import { digestCredential } from '../../trust/digest/digest-algorithms.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { bucketOf, hashRange, keyHash } from '../shards/bucket.ts';
import type { ShardGroup, ShardTrunk } from '../shards/shard.ts';
import { anyKey, keyOf, type ObjectKeys, type ObjectKind, pinOf, textOf } from './object-keys.ts';
import { idOfRow, keysOfRow, type ObjectRow, type ObjectStore } from './object-store.ts';
import { withoutNumbers } from './without-numbers.ts';

export type Place =
  | { readonly kind: 'common' }
  | { readonly kind: 'number'; readonly bucket: number }
  | { readonly kind: 'caller'; readonly bucket: number }
  | { readonly kind: 'pin'; readonly bucket: number };

/** How many bits of a hash choose the bucket. */
export interface Bits {
  readonly numbers: number;
  readonly callers: number;
  readonly pins: number;
}

export function placeText(place: Place): string {
  return place.kind === 'common' ? 'common' : `${place.kind}/${place.bucket}`;
}

export function placeOfText(text: string): Place {
  const [kind, bucket] = text.split('/');
  return kind === 'number' || kind === 'caller' || kind === 'pin'
    ? { kind, bucket: Number(bucket) }
    : { kind: 'common' };
}

/** Numbers of its trunks above which a rule is broad. */
const broadNumbers = 64;

/** A trunk without its numbers, as a message; more with what it says. */
const trunkMessageBytes = 1_024;
const bytesPerMessageByte = 4;

export class PlaceIndex {
  readonly #sql: SqlStorage;
  readonly #store: ObjectStore;
  /** Trunks of several numbers as number buckets show them: such a trunk lies in many buckets and is the same in all. */
  readonly #spread = new BoundedCache<ShardTrunk>(publishLimits.rememberedTrunkBytesMax);

  constructor(sql: SqlStorage, store: ObjectStore) {
    this.#sql = sql;
    this.#store = store;
  }

  /** The places of an object as it lies in its row, each once, as texts. */
  placesOf(kind: ObjectKind, row: ObjectRow, bits: Bits): Set<string> {
    const keys = keysOfRow(kind, row);
    const id = idOfRow(kind, row);
    const places = new Set(this.#placesByName(kind, id, keys, bits).map(placeText));
    for (const key of keys.pin ?? [])
      if (key !== anyKey) places.add(placeText(bucketPlace('pin', key, bits.pins)));
    return places;
  }

  #placesByName(kind: ObjectKind, id: string, keys: ObjectKeys, bits: Bits): Place[] {
    if (!keys.number.has(anyKey))
      return [...keys.number].map((key) => bucketPlace('number', key, bits.numbers));
    if (kind === 'trunk') return [{ kind: 'common' }];
    if (!keys.caller.has(anyKey))
      return [...keys.caller].map((key) => bucketPlace('caller', key, bits.callers));
    if (keys.trunk === undefined || keys.trunk.has(anyKey) || this.#isBroad(id))
      return [{ kind: 'common' }];
    return this.#numberKeysOfTrunks(keys.trunk, broadNumbers + 1).map((key) =>
      key === anyKey ? { kind: 'common' } : bucketPlace('number', key, bits.numbers),
    );
  }

  #numberKeysOfTrunks(trunks: ReadonlySet<string>, limit: number): string[] {
    return this.#sql
      .exec<{ key: string }>(
        `SELECT keys.key AS key FROM json_each(?) AS wanted CROSS JOIN keys INDEXED BY keys_of
         WHERE keys.kind = 'trunk' AND keys.id = wanted.value AND keys.dimension = 'number' LIMIT ?`,
        JSON.stringify([...trunks].map(textOf)),
        limit,
      )
      .toArray()
      .map(({ key }) => key);
  }

  /** Rules for any number and caller that name the trunk: they lie where it lies. */
  rulesWithTrunk(trunkId: string): string[] {
    return this.#unnamedRulesOf([keyOf(trunkId)]);
  }

  /** Notes anew whether a rule is broad. true: that has changed. */
  noteBroad(ruleId: string): boolean {
    const row = this.#store.row('rule', ruleId);
    if (row === null) return false;
    const { number, caller, trunk = new Set([anyKey]) } = keysOfRow('rule', row);
    const isUnnamed = number.has(anyKey) && caller.has(anyKey) && !trunk.has(anyKey);
    const isBroad =
      isUnnamed && this.#numberKeysOfTrunks(trunk, broadNumbers + 1).length > broadNumbers;
    if (isBroad === this.#isBroad(ruleId)) return false;
    if (isBroad) this.#sql.exec(`INSERT INTO keys VALUES ('rule', 'broad', '=', ?, 0)`, ruleId);
    else
      this.#sql.exec(
        `DELETE FROM keys WHERE kind = 'rule' AND dimension = 'broad' AND id = ?`,
        ruleId,
      );
    return true;
  }

  #isBroad(ruleId: string): boolean {
    const rows = this.#sql.exec(
      `SELECT 1 FROM keys WHERE kind = 'rule' AND dimension = 'broad' AND key = '=' AND id = ?`,
      ruleId,
    );
    return rows.toArray().length > 0;
  }

  /** The groups of a place, by key. */
  groupsOf(place: Place, bits: Bits): Map<string, ShardGroup> {
    switch (place.kind) {
      case 'common':
        return this.#commonGroups();
      case 'number':
        return this.#numberGroups(place.bucket, bits.numbers);
      case 'caller':
        return this.#callerGroups(place.bucket, bits.callers);
      case 'pin':
        return this.#pinGroups(place.bucket, bits.pins);
      default:
        return place satisfies never;
    }
  }

  #commonGroups(): Map<string, ShardGroup> {
    const trunkIds = this.#idsByKey('trunk', 'number', anyKey);
    const trunks = trunkIds.map((id) => this.#trunk(id));
    const rules = new Set([
      ...this.#unnamedRulesOf([anyKey]),
      ...this.#unnamedRulesOf(trunkIds.map(keyOf)),
      ...this.#idsByKey('rule', 'broad', '='),
    ]);
    const group = withoutSpecialPins({ trunks, rules: [...rules].map((id) => this.#rule(id)) });
    return new Map(group.trunks.length + group.rules.length === 0 ? [] : [['', group]]);
  }

  #numberGroups(bucket: number, bits: number): Map<string, ShardGroup> {
    const { first, last } = hashRange(bucket, bits);
    const trunkIds = new Map<string, string[]>();
    const ruleIds = new Map<string, string[]>();
    const rows = this.#sql.exec<{ kind: ObjectKind; key: string; id: string }>(
      `SELECT kind, key, id FROM keys WHERE kind IN ('trunk', 'rule') AND dimension = 'number'
       AND hash BETWEEN ? AND ? AND key <> ''`,
      first,
      last,
    );
    for (const { kind, key, id } of rows)
      addTo(kind === 'trunk' ? trunkIds : ruleIds, textOf(key), id);
    const trunks = new Map<string, ShardTrunk>();
    for (const ids of trunkIds.values())
      for (const id of ids) if (!trunks.has(id)) trunks.set(id, this.#trunkInBuckets(id));
    const rulesOfTrunks = this.#rulesByTrunk(trunks);
    const groups = new Map<string, ShardGroup>();
    for (const number of new Set([...trunkIds.keys(), ...ruleIds.keys()])) {
      const own = (trunkIds.get(number) ?? []).map((id) => trunks.get(id) as ShardTrunk);
      const rules = new Set((ruleIds.get(number) ?? []).map((id) => this.#rule(id)));
      for (const { info } of own)
        for (const rule of rulesOfTrunks.get(info.sipTrunkId) ?? []) rules.add(rule);
      groups.set(number, withoutSpecialPins({ trunks: own, rules: [...rules] }));
    }
    return groups;
  }

  /** By trunk id: rules that lie where the trunk lies. Of the trunks they name, those of other buckets are left out. */
  #rulesByTrunk(trunks: ReadonlyMap<string, ShardTrunk>): Map<string, SIPDispatchRuleInfo[]> {
    const byTrunk = new Map<string, SIPDispatchRuleInfo[]>();
    for (const id of this.#unnamedRulesOf([...trunks.keys()].map(keyOf))) {
      if (this.#isBroad(id)) continue;
      const rule = this.#rule(id);
      rule.trunkIds = rule.trunkIds.filter((trunkId) => trunks.has(trunkId));
      for (const trunkId of new Set(rule.trunkIds)) addTo(byTrunk, trunkId, rule);
    }
    return byTrunk;
  }

  #callerGroups(bucket: number, bits: number): Map<string, ShardGroup> {
    const { first, last } = hashRange(bucket, bits);
    const rows = this.#sql.exec<{ key: string; id: string }>(
      `SELECT key, id FROM keys AS caller WHERE kind = 'rule' AND dimension = 'caller'
       AND hash BETWEEN ? AND ? AND key <> '' AND ${isAny('number', 'caller')}`,
      first,
      last,
    );
    const rules = new Map<string, SIPDispatchRuleInfo[]>();
    for (const { key, id } of rows) addTo(rules, textOf(key), this.#rule(id));
    return new Map(
      [...rules].map(([caller, own]) => [caller, withoutSpecialPins({ trunks: [], rules: own })]),
    );
  }

  #pinGroups(bucket: number, bits: number): Map<string, ShardGroup> {
    const { first, last } = hashRange(bucket, bits);
    const rows = this.#sql.exec<{ key: string; id: string }>(
      `SELECT key, id FROM keys WHERE kind = 'rule' AND dimension = 'pin'
       AND hash BETWEEN ? AND ? AND key <> ''`,
      first,
      last,
    );
    const rules = new Map<string, SIPDispatchRuleInfo[]>();
    for (const { key, id } of rows) addTo(rules, textOf(key), this.#rule(id));
    return new Map([...rules].map(([pin, samePin]) => [pin, { trunks: [], rules: samePin }]));
  }

  /** Ids of rules for any number and caller that name one of the trunks (anyKey: that name none). */
  #unnamedRulesOf(trunkKeys: readonly string[]): string[] {
    const rows = this.#sql
      .exec<{ id: string }>(
        `SELECT trunk.id AS id FROM json_each(?) AS wanted CROSS JOIN keys AS trunk
         WHERE trunk.kind = 'rule' AND trunk.dimension = 'trunk' AND trunk.key = wanted.value
         AND ${isAny('number', 'trunk')} AND ${isAny('caller', 'trunk')}`,
        JSON.stringify(trunkKeys),
      )
      .toArray();
    return [...new Set(rows.map(({ id }) => id))];
  }

  #idsByKey(kind: ObjectKind, dimension: string, key: string): string[] {
    return this.#sql
      .exec<{ id: string }>(
        'SELECT id FROM keys WHERE kind = ? AND dimension = ? AND key = ?',
        kind,
        dimension,
        key,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Forgets what is remembered of trunks: they may have changed. */
  forget(): void {
    this.#spread.clear();
  }

  /** Without its numbers, which a bucket does not repeat: only that there are some is left. */
  #trunkInBuckets(id: string): ShardTrunk {
    const known = this.#spread.get(id);
    if (known !== undefined) return known;
    const row = this.#trunkRow(id);
    const { message, numbers } = withoutNumbers(row.message);
    const trunk = this.#bare(id, { ...row, message });
    trunk.info.numbers = [''];
    if (numbers > 1)
      this.#spread.set(id, trunk, trunkMessageBytes + message.length * bytesPerMessageByte);
    return trunk;
  }

  #trunk(id: string): ShardTrunk {
    return this.#bare(id, this.#trunkRow(id));
  }

  #trunkRow(id: string): ObjectRow {
    const row = this.#store.row('trunk', id);
    if (row === null) throw new Error(`the index names the trunk ${id}, which is not stored`);
    return row;
  }

  /** Without its password. */
  #bare(id: string, row: ObjectRow): ShardTrunk {
    const info = this.#store.openTrunk(id, row);
    const realm = digestRealm(info);
    const credential =
      realm === null ? null : digestCredential(info.authUsername, realm, info.authPassword);
    info.authPassword = '';
    return { info, credential };
  }

  #rule(id: string): SIPDispatchRuleInfo {
    const rule = this.#store.rule(id);
    if (rule === null) throw new Error(`the index names the rule ${id}, which is not stored`);
    return rule;
  }
}

/**
 * Of the rules with a PIN a group keeps those that can be the first to be met, which is what a call without PIN needs to know; a thousand
 * conferences on one number are one rule here and the rest in the buckets of their PINs.
 */
function withoutSpecialPins(group: ShardGroup): ShardGroup {
  if (group.rules.every((rule) => pinOf(rule.rule) === '')) return group;
  const { ruleIndex } = compileRouting({
    trunks: [],
    rules: group.rules,
    allowTrunklessCalls: false,
  });
  const first = new Set<SIPDispatchRuleInfo>();
  for (const [, byNumber] of eachNode(ruleIndex))
    for (const [, byCaller] of eachNode(byNumber))
      for (const [, slot] of eachNode(byCaller)) first.add(slot.first.info);
  return {
    trunks: group.trunks,
    rules: group.rules.filter((rule) => pinOf(rule.rule) === '' || first.has(rule)),
  };
}

/** SQL: the rule of the outer row names nothing in this dimension. */
function isAny(dimension: 'number' | 'caller', outer: string): string {
  return `EXISTS (SELECT 1 FROM keys WHERE kind = 'rule' AND dimension = '${dimension}' AND key = '' AND id = ${outer}.id)`;
}

function bucketPlace(kind: 'number' | 'caller' | 'pin', key: string, bits: number): Place {
  return { kind, bucket: bucketOf(keyHash(textOf(key)), bits) };
}

function addTo<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}
