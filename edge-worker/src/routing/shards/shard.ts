/**
 * A shard: the part of the routing table that calls to one bucket of numbers need (or wildcard calls, or one bucket of PINs). Its text is
 * immutable and named by its hash, so it may be kept for ever. Opening parses the frame only; the objects of a number are decoded
 * and compiled when the first call to it comes.
 *
 * Text: JSON of `trunks` ([base64 of SIPInboundTrunkInfo, credential or null]), `rules` (base64 of SIPDispatchRuleInfo) and `groups`
 * ([key, indexes of trunks, indexes of rules]). The list that a shard is keyed by (called numbers, or callers) is cut down to one empty text in each object that
 * has one: whoever opens a group puts its key there.
 */
import { createHash } from 'node:crypto';
import { type CompiledRouting, compileRouting } from '@callgate/shared/routing/compile.ts';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { DigestCredential } from '../../trust/digest/digest-algorithms.ts';

/** What a group of objects decides with. */
export interface RoutingPart {
  readonly routing: CompiledRouting;
  /** By trunk id; trunks without credentials are absent. */
  readonly credentials: ReadonlyMap<string, DigestCredential>;
}

export interface ShardTrunk {
  /** Without its password. */
  readonly info: SIPInboundTrunkInfo;
  readonly credential: DigestCredential | null;
}

/** Objects that are looked up under one key: a called number, a PIN, or '' where there is only one group. */
export interface ShardGroup {
  readonly trunks: readonly ShardTrunk[];
  readonly rules: readonly SIPDispatchRuleInfo[];
}

interface ShardFrame {
  readonly trunks: readonly (readonly [string, DigestCredential | null])[];
  readonly rules: readonly string[];
  readonly groups: readonly (readonly [string, readonly number[], readonly number[]])[];
}

/** Which list of its objects a shard is keyed by: called numbers, callers of rules, or none. */
export type ShardKeying = 'number' | 'caller' | 'none';

/** The text of a shard. Equal content gives equal text, whatever the order it comes in. */
export function encodeShard(groups: ReadonlyMap<string, ShardGroup>, keying: ShardKeying): string {
  const trunks = new Map<string, ShardTrunk>();
  const rules = new Map<string, SIPDispatchRuleInfo>();
  for (const group of groups.values()) {
    for (const trunk of group.trunks) trunks.set(trunk.info.sipTrunkId, trunk);
    for (const rule of group.rules) rules.set(rule.sipDispatchRuleId, rule);
  }
  const trunkIds = [...trunks.keys()].sort();
  const ruleIds = [...rules.keys()].sort();
  const trunkIndex = new Map(trunkIds.map((id, index) => [id, index]));
  const ruleIndex = new Map(ruleIds.map((id, index) => [id, index]));
  const frame: ShardFrame = {
    trunks: trunkIds.map((id) => {
      const trunk = trunks.get(id) as ShardTrunk;
      return [toText(trunk.info, keying), trunk.credential];
    }),
    rules: ruleIds.map((id) => toText(rules.get(id) as SIPDispatchRuleInfo, keying)),
    groups: [...groups.keys()].sort().map((key) => {
      const group = groups.get(key) as ShardGroup;
      return [
        key,
        sorted(group.trunks.map(({ info }) => trunkIndex.get(info.sipTrunkId) as number)),
        sorted(group.rules.map((rule) => ruleIndex.get(rule.sipDispatchRuleId) as number)),
      ];
    }),
  };
  return JSON.stringify(frame);
}

/** Name of a shard: 120 bits of SHA-256 of its text, base64url. */
export function shardHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 20);
}

export class OpenShard {
  readonly #frame: ShardFrame;
  readonly #groups: ReadonlyMap<string, readonly [readonly number[], readonly number[]]>;
  readonly #parts = new Map<string, RoutingPart>();
  readonly #allowTrunklessCalls: boolean;
  readonly #keying: ShardKeying;
  /** About how much memory it takes, bytes. */
  bytes: number;

  constructor(text: string, options: { allowTrunklessCalls: boolean; keying: ShardKeying }) {
    this.#frame = JSON.parse(text) as ShardFrame;
    this.#groups = new Map(
      this.#frame.groups.map(([key, trunks, rules]) => [key, [trunks, rules]]),
    );
    this.#allowTrunklessCalls = options.allowTrunklessCalls;
    this.#keying = options.keying;
    this.bytes = text.length * 2;
  }

  /** The objects of a key, compiled; null: there are none. */
  part(key: string): RoutingPart | null {
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const group = this.#groups.get(key);
    if (group === undefined) return null;
    const [trunkIndexes, ruleIndexes] = group;
    const credentials = new Map<string, DigestCredential>();
    const trunks = trunkIndexes.map((index) => {
      const [text, credential] = this.#frame.trunks[index] ?? ['', null];
      const trunk = SIPInboundTrunkInfo.fromBinary(Buffer.from(text, 'base64'));
      if (credential !== null) credentials.set(trunk.sipTrunkId, credential);
      return this.#keyed(trunk, key);
    });
    const rules = ruleIndexes.map((index) =>
      this.#keyed(
        SIPDispatchRuleInfo.fromBinary(Buffer.from(this.#frame.rules[index] ?? '', 'base64')),
        key,
      ),
    );
    const routing = compileRouting({
      trunks,
      rules,
      allowTrunklessCalls: this.#allowTrunklessCalls,
    });
    const part = { routing, credentials };
    this.#parts.set(key, part);
    this.bytes += (trunks.length + rules.length) * compiledObjectBytes;
    return part;
  }

  #keyed<T extends RoutingObject>(object: T, key: string): T {
    const list = keyedList(object, this.#keying);
    if (list.length > 0) list.splice(0, list.length, key);
    return object;
  }
}

type RoutingObject = SIPInboundTrunkInfo | SIPDispatchRuleInfo;

/** The list of an object that its shard is keyed by; empty: none. */
function keyedList(object: RoutingObject, keying: ShardKeying): string[] {
  if (keying === 'number') return object.numbers;
  return keying === 'caller' && object instanceof SIPDispatchRuleInfo ? object.inboundNumbers : [];
}

/** A compiled trunk or rule with its message, measured: about 3 KB. */
const compiledObjectBytes = 3_072;

function toText(object: RoutingObject, keying: ShardKeying): string {
  const copy = object.clone();
  const list = keyedList(copy, keying);
  if (list.length > 0) list.splice(0, list.length, '');
  return Buffer.from(copy.toBinary()).toString('base64');
}

function sorted(indexes: readonly number[]): number[] {
  return indexes.toSorted((a, b) => a - b);
}
