/**
 * The routing table: store of record for trunks and rules and their only writer (Durable Object, SQLite). All ways in end in one transaction that
 * makes one revision, or leaves everything as it was; then it is published to KV and told to the nodes. Two writers at once come one after the other:
 * nothing waits between reading the table and writing it.
 */
import { DurableObject } from 'cloudflare:workers';
import { revisionLimits, webhookLimits } from '@callgate/shared/limits.ts';
import { invalidArgument, type StoredChange } from '@callgate/shared/livekit-api/api-answer.ts';
import { sipRpcs } from '@callgate/shared/livekit-api/handle-sip-request.ts';
import { SIPDispatchRuleInfo } from '@livekit/protocol';
import { type Clock, systemClock } from '../../clock.ts';
import { allowsTrunklessCalls, type Env, sealingKeyOf } from '../../env.ts';
import type { TwirpCode } from '../../livekit-api/twirp.ts';
import { logLine } from '../../log.ts';
import { nodeLinkOf } from '../../nodes/node-link-of.ts';
import { randomText } from '../../rooms/random-text.ts';
import { diffObject, type ObjectDiff } from '../routing-diff.ts';
import { Answers } from './answers.ts';
import type { ChangeAnswer, ChangeOrder, ChangeRequest } from './change-order.ts';
import {
  effectiveChanges,
  type ObjectWrite,
  SetConflict,
  type TableParts,
  writeChanges,
} from './change-writer.ts';
import { DirtyPlaces } from './dirty-places.ts';
import { type Writes, writesOfDocument, writesOfPatch } from './document-writes.ts';
import { type LinkedNode, LinkedNodes } from './linked-nodes.ts';
import { lintStored } from './lint-stored.ts';
import type { ObjectKind } from './object-keys.ts';
import { ObjectStore, sizeFault } from './object-store.ts';
import { PlaceIndex } from './place-index.ts';
import { Publisher, type ShardSink } from './publisher.ts';
import { type Change, type Revision, RevisionLog } from './revision-log.ts';
import { createSchema } from './schema.ts';
import { type CallKeys, setForCall } from './set-for-call.ts';
import { ShardBuilder } from './shard-builder.ts';
import { storedObjects } from './stored-objects.ts';
import { type NodeEventType, TableEvents } from './table-events.ts';
import { answerQuestion, type TableAnswer, type TableQuestion } from './table-question.ts';

export type SipAnswer =
  | { kind: 'ok'; response: Uint8Array }
  | { kind: 'error'; code: TwirpCode; msg: string };

/** A part of the document; ask again after `lastId` while `more`. */
export interface DocumentPage {
  /** Revision of the table when the page was read. */
  readonly revision: number;
  readonly messages: readonly Uint8Array[];
  readonly lastId: string;
  readonly more: boolean;
}

export interface TableStatus {
  readonly revision: number;
  readonly changed_at_ms: number;
  /** Since the last change. */
  readonly age_ms: number;
  readonly published_revision: number;
  readonly published_at_ms: number;
  /** Linked nodes and what each has seen. */
  readonly nodes: LinkedNode[];
}

/** The one routing table of the deployment. @throws ConfigError */
export function routingTableOf(env: Env): DurableObjectStub<RoutingTable> {
  // The object needs the key too; here a wrong one is still an error that names the variable.
  sealingKeyOf(env);
  return env.ROUTING_TABLE.getByName('default');
}

export class RoutingTable extends DurableObject<Env> {
  clock: Clock = systemClock;
  kv: ShardSink;
  readonly #parts: TableParts;
  readonly #builder: ShardBuilder;
  readonly #publisher: Publisher;
  readonly #answers: Answers;
  readonly #nodes: LinkedNodes;
  readonly #events: TableEvents;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { storage } = state;
    createSchema(storage.sql);
    const store = new ObjectStore(storage.sql, sealingKeyOf(env));
    const places = new PlaceIndex(storage.sql, store);
    const log = new RevisionLog(storage.sql);
    const dirty = new DirtyPlaces(storage.sql);
    this.#parts = { store, places, log, dirty };
    this.#builder = new ShardBuilder(places, dirty);
    this.#publisher = new Publisher({ storage, dirty, builder: this.#builder, log });
    this.#answers = new Answers(storage.sql);
    this.#nodes = new LinkedNodes(storage.sql);
    this.#events = new TableEvents({ sql: storage.sql, env, clock: () => this.clock }, async () => {
      if ((await storage.getAlarm()) === null)
        await storage.setAlarm(this.clock.now() + webhookLimits.queueRetryMs);
    });
    this.kv = env.ROUTING;
  }

  /** One request of livekit.SIP. `request` and the answer's `response` are protobuf. */
  async sip(name: string, request: Uint8Array, author: string): Promise<SipAnswer> {
    const rpc = sipRpcs.get(name);
    if (rpc === undefined) return { kind: 'error', code: 'bad_route', msg: `no RPC ${name}` };
    const { store } = this.#parts;
    const before = this.#parts.log.newest();
    const answer = this.ctx.storage.transactionSync(() => {
      const message = rpc.request.fromBinary(request);
      const handled = rpc.handle(storedObjects(store), message, (prefix) => prefix + randomText());
      if (handled.kind === 'error' || handled.change === null) return handled;
      const write = writeOf(store, handled.change);
      const tooLarge = write.row === null ? null : sizeFault(write.row.message);
      if (tooLarge !== null) return invalidArgument(tooLarge);
      this.#write([write], { author, source: name });
      return handled;
    });
    await this.#announce(before);
    return answer.kind === 'ok'
      ? { kind: 'ok', response: answer.response.toBinary() }
      : { kind: 'error', code: answer.code, msg: answer.msg };
  }

  /** A document, a patch or a way back: refused whole, or accepted as one revision. What changes nothing makes no revision. */
  async change(request: ChangeRequest, order: ChangeOrder): Promise<ChangeAnswer> {
    const { log } = this.#parts;
    const { idempotency } = order;
    if (idempotency !== null) {
      const known = this.#answers.find(idempotency, this.clock.now());
      if (known === 'reused') return { kind: 'reused-key' };
      if (known !== null) return { ...(JSON.parse(known) as KeptAnswer), replayed: true };
    }
    const before = log.newest();
    if (order.expectedRevision !== null && order.expectedRevision !== before)
      return { kind: 'stale', revision: before };
    const answer = this.#tryChange(request, order);
    const isKept = answer.kind === 'accepted' || answer.kind === 'refused';
    if (idempotency !== null && isKept && !order.isDryRun)
      this.#answers.keep(idempotency, JSON.stringify(answer), this.clock.now());
    await this.#announce(before);
    return answer;
  }

  #tryChange(request: ChangeRequest, order: ChangeOrder): ChangeAnswer {
    const { store, log } = this.#parts;
    const read = this.#writesOf(request);
    if (read.kind === 'unknown-revision') return read;
    if (read.kind === 'refused') return { ...read, replayed: false };
    const changes = effectiveChanges(store, read.writes);
    const diffJson = this.#diff(changes);
    let lintJson = '';
    try {
      this.ctx.storage.transactionSync(() => {
        if (changes.length > 0) this.#write(read.writes, order, changes);
        lintJson = this.#lint();
        if (order.isDryRun) throw new DryRun();
      });
    } catch (error) {
      this.#builder.forget();
      if (error instanceof SetConflict) {
        const errors = [{ field: `${error.kind}s.${error.id}`, detail: error.message }];
        return { kind: 'refused', errors, replayed: false };
      }
      if (!(error instanceof DryRun)) throw error;
    }
    return {
      kind: 'accepted',
      revision: log.newest(),
      changed: changes.length,
      diffJson,
      lintJson,
      replayed: false,
    };
  }

  #writesOf(request: ChangeRequest): Writes | { kind: 'unknown-revision' } {
    const { store, log } = this.#parts;
    const ids = (kind: ObjectKind) => store.ids(kind);
    switch (request.kind) {
      case 'replace':
        return writesOfDocument(store, ids, request.document);
      case 'patch':
        return writesOfPatch(store, ids, request.patch);
      case 'rollback':
        return this.#isKept(request.revision)
          ? { kind: 'writes', writes: deletionsFirst([...log.wayBack(request.revision)]) }
          : { kind: 'unknown-revision' };
      default:
        return request satisfies never;
    }
  }

  #isKept(revision: number): boolean {
    return this.#parts.log.one(revision) !== null;
  }

  #write(
    writes: readonly ObjectWrite[],
    origin: { author: string; source: string },
    changes: readonly Change[] = effectiveChanges(this.#parts.store, writes),
  ): void {
    if (changes.length > 0)
      writeChanges(this.#parts, changes, { ...origin, atMs: this.clock.now() });
  }

  /** ObjectDiff[] as JSON text. */
  #diff(changes: readonly Change[]): string {
    const diffs: ObjectDiff[] = changes
      .slice(0, revisionLimits.diffObjectsMax)
      .map(({ kind, id, before, after }) => {
        const open = (row: Change['before']) =>
          row === null
            ? null
            : kind === 'trunk'
              ? this.#parts.store.openTrunk(id, row)
              : SIPDispatchRuleInfo.fromBinary(row.message);
        return diffObject(kind, id, open(before), open(after));
      });
    return JSON.stringify(diffs);
  }

  /** After a change: nothing that is kept of the table before it holds any more; publish, and tell who listens. */
  async #announce(before: number): Promise<void> {
    if (this.#parts.log.newest() === before) return;
    this.#builder.forget();
    const told = this.#tellNodes();
    this.ctx.waitUntil(told);
    await this.#publisher.publishSoon(this.kv, this.clock, told);
    this.ctx.waitUntil(this.#tellPublished());
  }

  async #tellPublished(): Promise<void> {
    const { revision, atMs } = this.#publisher.published();
    await this.#events.published(this.#parts.log.one(revision), atMs);
  }

  /** Tells the linked nodes the newest revision. One that cannot be told will ask when it links again. */
  async #tellNodes(): Promise<void> {
    const revision = this.#parts.log.newest();
    const told = this.#nodes.all().map(async ({ name }) => {
      const isLinked = await nodeLinkOf(this.env, name).push(revision);
      if (!isLinked) this.#nodes.remove(name);
    });
    for (const result of await Promise.allSettled(told))
      if (result.status === 'rejected')
        logLine('warn', 'node-not-told', { revision, message: String(result.reason) });
  }

  /** A node has linked. Returns the revision to start with. */
  async linked(node: string): Promise<number> {
    this.#nodes.add(node, this.clock.now());
    await this.tellNode('node.linked', node);
    return this.#parts.log.newest();
  }

  async seen(node: string, revision: number): Promise<void> {
    this.#nodes.saw(node, revision, this.clock.now());
  }

  async enrolled(node: string): Promise<void> {
    this.#nodes.enrolled(node, this.clock.now());
  }

  async revoked(node: string): Promise<void> {
    this.#nodes.revoked(node);
    this.#nodes.remove(node);
  }

  async enrolledNodes(): Promise<{ name: string; at_ms: number }[]> {
    return this.#nodes.allEnrolled();
  }

  async unlinked(node: string): Promise<void> {
    this.#nodes.remove(node);
    await this.tellNode('node.unlinked', node);
  }

  /** Tells webhooks what became of a node. */
  async tellNode(type: NodeEventType, node: string): Promise<void> {
    this.ctx.waitUntil(this.#events.node(type, node, this.clock.now()));
  }

  /** Tells webhooks that a node was lost with calls up. @param atMs the same for the same loss */
  async tellLost(node: string, calls: number, atMs: number): Promise<void> {
    this.ctx.waitUntil(this.#events.nodeLost(node, calls, atMs));
  }

  /** Up to `count` objects after `afterId` as they are, or as they were at a kept revision. null: that revision is not known. */
  async documentPage(
    kind: ObjectKind,
    afterId: string,
    count: number,
    atRevision: number | null,
  ): Promise<DocumentPage | null> {
    const { store, log } = this.#parts;
    if (atRevision !== null && !this.#isKept(atRevision)) return null;
    const rows =
      atRevision === null
        ? store.page(kind, afterId, count)
        : store.pageAt(kind, afterId, count, atRevision);
    const messages = rows.map((row) =>
      kind === 'trunk' ? store.openTrunk(row.id, row).toBinary() : row.message,
    );
    const lastId = rows.at(-1)?.id ?? afterId;
    return { revision: log.newest(), messages, lastId, more: rows.length === count };
  }

  /**
   * Trunks and rules that a call comes into question for, for a dry run: all of a small table, else those that its numbers lead to. null: the revision is not known.
   */
  async setFor({
    revision,
    ...call
  }: CallKeys): Promise<{ trunks: Uint8Array[]; rules: Uint8Array[] } | null> {
    if (revision !== null && !this.#isKept(revision)) return null;
    const isNewest = revision === this.#parts.log.newest();
    return setForCall(this.#parts, { ...call, revision: isNewest ? null : revision });
  }

  async revisions(before: number | null, count: number): Promise<Revision[]> {
    return this.#parts.log.list(before ?? Number.MAX_SAFE_INTEGER, count);
  }

  /** A revision and what it changed; null: not known. */
  async revisionDiff(number: number): Promise<{ revision: Revision; diffJson: string } | null> {
    const revision = this.#parts.log.one(number);
    if (revision === null) return null;
    const changes = this.#parts.log.changesOf(number, revisionLimits.diffObjectsMax);
    return { revision, diffJson: this.#diff(changes) };
  }

  async status(): Promise<TableStatus> {
    const published = this.#publisher.published();
    const revision = this.#parts.log.newest();
    const changedAtMs = this.#parts.log.one(revision)?.at_ms ?? 0;
    return {
      revision,
      changed_at_ms: changedAtMs,
      age_ms: this.clock.now() - changedAtMs,
      published_revision: published.revision,
      published_at_ms: published.atMs,
      nodes: this.#nodes.all(),
    };
  }

  /** LintResult as JSON text: what can never match, and what is risky. */
  async lint(): Promise<string> {
    return this.#lint();
  }

  #lint(): string {
    return JSON.stringify(lintStored(this.#parts.store, allowsTrunklessCalls(this.env)));
  }

  /** What a Worker asks that has nothing new enough, or is about to refuse. null: it knows all there is. */
  async ask(question: TableQuestion): Promise<TableAnswer | null> {
    return answerQuestion(this.#parts, this.#builder, question);
  }

  override async alarm(): Promise<void> {
    await this.#publisher.run(this.kv, this.clock);
    await this.#tellPublished();
    await this.#events.flush();
  }
}

/** Answers that are given again to the same idempotency key; the others say nothing about the request itself. */
type KeptAnswer = Extract<ChangeAnswer, { kind: 'accepted' | 'refused' }>;

/** Thrown to undo what a dry run has written. */
class DryRun extends Error {}

function writeOf(store: ObjectStore, change: StoredChange): ObjectWrite {
  switch (change.kind) {
    case 'put-trunk':
      return { kind: 'trunk', id: change.trunk.sipTrunkId, row: store.trunkRow(change.trunk) };
    case 'put-rule':
      return { kind: 'rule', id: change.rule.sipDispatchRuleId, row: store.ruleRow(change.rule) };
    case 'delete-trunk':
      return { kind: 'trunk', id: change.id, row: null };
    case 'delete-rule':
      return { kind: 'rule', id: change.id, row: null };
    default:
      return change satisfies never;
  }
}

function deletionsFirst(writes: readonly ObjectWrite[]): ObjectWrite[] {
  return writes.toSorted((a, b) => Number(a.row !== null) - Number(b.row !== null));
}
