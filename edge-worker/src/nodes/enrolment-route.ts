/**
 * How a machine becomes a node and ceases to be one: an operator makes a code (`POST /v1/nodes/{name}/codes`), the machine trades it for a token once
 * (`POST /v1/nodes/enrol`), changes its token while it runs (`POST /v1/nodes/rotate`), and is put out by an operator (`POST /v1/nodes/{name}/revoke`).
 */
import { nodeName } from '@callgate/shared/contract/hello.ts';
import { enrolmentLimits } from '@callgate/shared/limits.ts';
import { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import { type Env, nodeTokensOf, sealingKeyOf } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { makeNodeSecret, readNodeSecret } from '../trust/node-secret.ts';
import { credentialOf } from '../trust/node-token.ts';
import { nodeLinkOf } from './node-link-of.ts';
import { knowsNode } from './node-list.ts';
import { enrolRequest } from './operator-requests.ts';

export function enrolmentRoute({ clock }: { clock: Clock }) {
  return new Hono<{ Bindings: Env }>()
    .post('/enrol', async (c) => {
      const { code } = checkShape(enrolRequest, await readJson(c.req.raw));
      const key = sealingKeyOf(c.env);
      const shown = readNodeSecret('code', code, key);
      const token = makeNodeSecret('token', shown?.name ?? '', key);
      const isTaken =
        shown !== null && (await nodeLinkOf(c.env, shown.name).enrol(shown.hash, token.hash));
      if (!isTaken)
        throw new Problem('unauthenticated', 'code: expected a code that is in force and unused');
      await routingTableOf(c.env).enrolled(token.name);
      return c.json({ name: token.name, token: token.text }, 201);
    })
    .post('/rotate', async (c) => {
      const shown = credentialOf(c.req.raw, c.env);
      if (shown.isConfigured)
        throw new Problem('command-refused', 'the token of this node is in NODE_TOKENS');
      const token = makeNodeSecret('token', shown.name, sealingKeyOf(c.env));
      if (!(await nodeLinkOf(c.env, shown.name).rotate(shown.hash, token.hash)))
        throw new Problem('unauthenticated', 'authorization: expected Bearer and a node token');
      return c.json({ name: token.name, token: token.text }, 201);
    })
    .post('/:name/codes', async (c) => {
      await requireSipAdmin(c.req.raw, c.env);
      const name = checkShape(nodeName, c.req.param('name'), 'name');
      const code = makeNodeSecret('code', name, sealingKeyOf(c.env));
      await nodeLinkOf(c.env, name).issueCode(code.hash);
      return c.json({ code: code.text, expires_at_ms: clock.now() + enrolmentLimits.codeMs }, 201);
    })
    .post('/:name/revoke', async (c) => {
      await requireSipAdmin(c.req.raw, c.env);
      const name = checkShape(nodeName, c.req.param('name'), 'name');
      if ([...nodeTokensOf(c.env).values()].includes(name))
        throw new Problem(
          'command-refused',
          'the token of this node is in NODE_TOKENS: take it out there and deploy',
        );
      const link = nodeLinkOf(c.env, name);
      // A name that was mistyped must not look like a node that was put out.
      if (!((await link.hasCredentials()) || (await knowsNode(c.env, name))))
        throw new Problem('not-found', 'name: no node has this name, and no code was made for it');
      await link.revoke(name);
      await routingTableOf(c.env).revoked(name);
      return c.json({ done: true });
    });
}
