/**
 * A shard: the part of the routing table that calls to one bucket of numbers need (or wildcard calls, or one bucket of PINs). Its text is
 * immutable and named by its hash, so it may be kept for ever. It is kept as text, a tenth of what it would take parsed; the objects of a number
 * are looked up, decoded and compiled when the first call to it comes.
 *
 * Text: lines of JSON. First how many trunks and rules there are; then each trunk ([base64 of SIPInboundTrunkInfo, credential or null]), each rule (base64 of
 * SIPDispatchRuleInfo) and each group ([key, indexes of trunks, indexes of rules]). The list that a shard is keyed by (called numbers, or callers) is cut down
 * to one empty text in each object that has one: whoever opens a group puts its key there.
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

/** The first line of a shard: how many trunks and rules. */
type ShardHead = readonly [number, number];
type TrunkLine = readonly [string, DigestCredential | null];
type GroupLine = readonly [string, readonly number[], readonly number[]];

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
  const head: ShardHead = [trunkIds.length, ruleIds.length];
  const trunkLines = trunkIds.map((id): TrunkLine => {
    const trunk = trunks.get(id) as ShardTrunk;
    return [toText(trunk.info, keying), trunk.credential];
  });
  const ruleLines = ruleIds.map((id) => toText(rules.get(id) as SIPDispatchRuleInfo, keying));
  const groupLines = [...groups.keys()].sort().map((key): GroupLine => {
    const group = groups.get(key) as ShardGroup;
    return [
      key,
      sorted(group.trunks.map(({ info }) => trunkIndex.get(info.sipTrunkId) as number)),
      sorted(group.rules.map((rule) => ruleIndex.get(rule.sipDispatchRuleId) as number)),
    ];
  });
  return [head, ...trunkLines, ...ruleLines, ...groupLines]
    .map((line) => JSON.stringify(line))
    .join('\n');
}

/** Name of a shard: 120 bits of SHA-256 of its text, base64url. */
export function shardHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 20);
}

/** The objects of a key, compiled, and about how much memory they take, bytes. */
export interface OpenedPart {
  readonly part: RoutingPart;
  readonly bytes: number;
}

export class OpenShard {
  readonly #text: string;
  readonly #head: ShardHead;
  /** Where the line before the first group ends. */
  readonly #groupsAt: number;
  readonly #allowTrunklessCalls: boolean;
  readonly #keying: ShardKeying;
  /** About how much memory it takes, bytes. */
  readonly bytes: number;

  constructor(text: string, options: { allowTrunklessCalls: boolean; keying: ShardKeying }) {
    this.#text = text;
    let end = text.indexOf('\n');
    this.#head = JSON.parse(text.slice(0, end)) as ShardHead;
    for (let lines = this.#head[0] + this.#head[1]; lines > 0; lines -= 1)
      end = text.indexOf('\n', end + 1);
    this.#groupsAt = end;
    this.#allowTrunklessCalls = options.allowTrunklessCalls;
    this.#keying = options.keying;
    this.bytes = openShardBytes + textBytes(text);
  }

  /** The objects of a key; null: there are none. */
  part(key: string): OpenedPart | null {
    const group = this.#group(key);
    if (group === null) return null;
    const [, trunkIndexes, ruleIndexes] = group;
    const lines = this.#text.slice(0, this.#groupsAt).split('\n');
    const [trunkCount] = this.#head;
    const credentials = new Map<string, DigestCredential>();
    let bytes = 0;
    const decode = <T extends RoutingObject>(base64: string, from: (bytes: Buffer) => T): T => {
      bytes += compiledObjectBytes + base64.length * bytesPerCharacter;
      return this.#keyed(from(Buffer.from(base64, 'base64')), key);
    };
    const trunks = trunkIndexes.map((index) => {
      const [base64, credential] = JSON.parse(lines[1 + index] ?? '') as TrunkLine;
      const trunk = decode(base64, (message) => SIPInboundTrunkInfo.fromBinary(message));
      if (credential !== null) credentials.set(trunk.sipTrunkId, credential);
      return trunk;
    });
    const rules = ruleIndexes.map((index) =>
      decode(JSON.parse(lines[1 + trunkCount + index] ?? '') as string, (message) =>
        SIPDispatchRuleInfo.fromBinary(message),
      ),
    );
    const routing = compileRouting({
      trunks,
      rules,
      allowTrunklessCalls: this.#allowTrunklessCalls,
    });
    return { part: { routing, credentials }, bytes };
  }

  #group(key: string): GroupLine | null {
    // JSON has no line break inside a text, so this can only be the beginning of a line.
    const at = this.#text.indexOf(`\n[${JSON.stringify(key)},`, this.#groupsAt);
    if (at < 0) return null;
    const end = this.#text.indexOf('\n', at + 1);
    return JSON.parse(this.#text.slice(at + 1, end < 0 ? undefined : end)) as GroupLine;
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

/** A compiled trunk or rule with its message, measured: 2 to 3 KB when it says little, and more with what it says. */
const compiledObjectBytes = 3_072;
const bytesPerCharacter = 4;
/** What holds an open shard beside its text. */
const openShardBytes = 512;

/** What a text takes in memory, bytes: V8 keeps Latin-1 in one for each character, any other text in two. */
export function textBytes(text: string): number {
  return text.length * (/[^\0-\u00ff]/u.test(text) ? 2 : 1);
}

function toText(object: RoutingObject, keying: ShardKeying): string {
  const copy = object.clone();
  const list = keyedList(copy, keying);
  if (list.length > 0) list.splice(0, list.length, '');
  return Buffer.from(copy.toBinary()).toString('base64');
}

function sorted(indexes: readonly number[]): number[] {
  return indexes.toSorted((a, b) => a - b);
}
