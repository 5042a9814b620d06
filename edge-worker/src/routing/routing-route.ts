/** The routing table for operators (grant sip.admin): the document, its history, and its state. */
import type { JsonObject } from '@bufbuild/protobuf';
import { edgeLimits } from '@callgate/shared/limits.ts';
import { Hono } from 'hono';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { parseJson, readJsonBytes } from '../http/read-body.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { orderOf, responseTo } from './change-response.ts';
import { readStoredDocument } from './read-stored-document.ts';
import { membersOfDocument, readDocument } from './routing-document.ts';
import type { ChangeRequest } from './table/change-order.ts';
import { routingTableOf } from './table/routing-table.ts';

/** Revisions in one answer to a list. */
const listedMax = 100;

export const routingRoute = new Hono<{ Bindings: Env }>()
  .get('/', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const { revision, document } = await readStoredDocument(c.env, null);
    c.header('etag', `"${revision}"`);
    return c.json({ revision, ...document });
  })
  .put('/', (c) =>
    change(c.req.raw, c.env, (json) => ({ kind: 'replace', document: readDocument(json) })),
  )
  .patch('/', (c) =>
    change(c.req.raw, c.env, (json) => ({ kind: 'patch', patch: membersOfDocument(json) })),
  )
  .get('/status', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    return c.json(await routingTableOf(c.env).status());
  })
  .get('/lint', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    return c.json(JSON.parse(await routingTableOf(c.env).lint()) as object);
  })
  .get('/revisions', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const before = c.req.query('before');
    const revisions = await routingTableOf(c.env).revisions(
      before === undefined ? null : revisionOf(before, 'before'),
      listedMax,
    );
    return c.json({ revisions: revisions.map(revisionJson) });
  })
  .get('/revisions/:number', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const number = revisionOf(c.req.param('number'), 'revision');
    const found = await routingTableOf(c.env).revisionDiff(number);
    if (found === null) throw new Problem('not-found', 'revision: not known, or no longer kept');
    const { document } = await readStoredDocument(c.env, number);
    return c.json({ ...revisionJson(found.revision), ...document });
  })
  .get('/revisions/:number/diff', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const number = revisionOf(c.req.param('number'), 'revision');
    const found = await routingTableOf(c.env).revisionDiff(number);
    if (found === null) throw new Problem('not-found', 'revision: not known, or no longer kept');
    return c.json({ ...revisionJson(found.revision), diff: JSON.parse(found.diffJson) as unknown });
  })
  .post('/revisions/:number/rollback', async (c) => {
    const author = await requireSipAdmin(c.req.raw, c.env);
    const revision = revisionOf(c.req.param('number'), 'revision');
    const order = orderOf(c.req.raw, author, '');
    const answer = await routingTableOf(c.env).change({ kind: 'rollback', revision }, order);
    return responseTo(answer, order);
  });

async function change(
  request: Request,
  env: Env,
  read: (json: JsonObject) => ChangeRequest,
): Promise<Response> {
  const author = await requireSipAdmin(request, env);
  const bytes = await readJsonBytes(request, edgeLimits.routingBodyBytesMax);
  const order = orderOf(request, author, Buffer.from(bytes).toString('utf8'));
  const answer = await routingTableOf(env).change(read(parseJson(bytes) as JsonObject), order);
  return responseTo(answer, order);
}

function revisionOf(text: string, field: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Problem('bad-field', `${field}: expected the number of a revision`);
}

function revisionJson(revision: {
  number: number;
  author: string;
  at_ms: number;
  source: string;
  changes: number;
}) {
  const { number, author, at_ms, source, changes } = revision;
  return { revision: number, author, at: new Date(at_ms).toISOString(), source, changes };
}
