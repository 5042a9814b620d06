/** The whole routing document out of the table, page by page, all of one revision. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { documentJson } from './routing-document.ts';
import { type RoutingTable, routingTableOf } from './table/routing-table.ts';

/** Objects in one page: about 2 MB. */
const pageObjects = 2_000;
/** Writers that never rest: after this many starts the reader gives up. */
const startsMax = 5;

export interface StoredDocument {
  readonly revision: number;
  readonly document: { trunks: JsonObject[]; rules: JsonObject[] };
}

/** @param atRevision null: as it is now. @throws Problem `not-found`, `routing-unavailable` */
export async function readStoredDocument(
  env: Env,
  atRevision: number | null,
): Promise<StoredDocument> {
  const table = routingTableOf(env);
  for (let start = 0; start < startsMax; start += 1) {
    const trunks = await readAll(table, 'trunk', atRevision);
    const rules = await readAll(table, 'rule', atRevision);
    const revisions = new Set([...trunks.revisions, ...rules.revisions]);
    const [revision] = revisions;
    // A change between two pages: the pages would be of two tables.
    if (revision === undefined || (revisions.size > 1 && atRevision === null)) continue;
    const document = documentJson({ trunks: trunks.messages, rules: rules.messages });
    return { revision, document };
  }
  throw new Problem('routing-unavailable', 'the table changed while it was read; try again');
}

async function readAll(
  table: DurableObjectStub<RoutingTable>,
  kind: 'trunk' | 'rule',
  atRevision: number | null,
) {
  const messages: Uint8Array[] = [];
  const revisions = new Set<number>();
  for (let lastId = ''; ; ) {
    const page = await table.documentPage(kind, lastId, pageObjects, atRevision);
    if (page === null) throw new Problem('not-found', 'revision: not known, or no longer kept');
    messages.push(...page.messages);
    revisions.add(page.revision);
    if (!page.more) return { messages, revisions };
    lastId = page.lastId;
  }
}
