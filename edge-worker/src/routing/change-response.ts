/** What a change of the routing table asked for over HTTP carries beside its body, and how the table's answer becomes a response. */
import { revisionLimits } from '@callgate/shared/limits.ts';
import { Problem } from '../http/problem.ts';
import { sha256Hex } from '../trust/constant-time.ts';
import type { ChangeAnswer, ChangeOrder } from './table/change-order.ts';

/** Reads If-Match, Idempotency-Key and dry_run. `body` is what was sent, for the fingerprint of the key. @throws Problem */
export function orderOf(request: Request, author: string, body: string): ChangeOrder {
  const { pathname, searchParams } = new URL(request.url);
  const source = `${request.method} ${pathname}`;
  return {
    author,
    source,
    expectedRevision: expectedRevision(request.headers.get('if-match')),
    idempotency: idempotencyKey(request.headers.get('idempotency-key'), `${source}\n${body}`),
    isDryRun: isDryRun(searchParams.get('dry_run')),
  };
}

/** `"12"` or `W/"12"`: the revision; `*` and no header: any. @throws Problem `bad-field` */
function expectedRevision(header: string | null): number | null {
  if (header === null || header.trim() === '*') return null;
  const number = /^\s*(?:W\/)?"(\d{1,15})"\s*$/.exec(header)?.[1];
  if (number === undefined)
    throw new Problem('bad-field', 'if-match: expected the ETag of one revision, such as "12"');
  return Number(number);
}

function idempotencyKey(header: string | null, content: string): ChangeOrder['idempotency'] {
  if (header === null) return null;
  if (header === '' || header.length > revisionLimits.idempotencyKeyCharactersMax)
    throw new Problem(
      'bad-field',
      `idempotency-key: expected 1 to ${revisionLimits.idempotencyKeyCharactersMax} characters`,
    );
  return { key: `header ${header}`, fingerprint: sha256Hex(content) };
}

function isDryRun(value: string | null): boolean {
  if (value === null || value === '0' || value === 'false') return false;
  if (value === '1' || value === 'true' || value === '') return true;
  throw new Problem('bad-field', 'dry_run: expected 1 or 0');
}

/** @throws Problem for everything but an accepted change */
export function responseTo(answer: ChangeAnswer, { isDryRun }: { isDryRun: boolean }): Response {
  switch (answer.kind) {
    case 'accepted': {
      const { revision, changed } = answer;
      const diff: unknown = JSON.parse(answer.diffJson);
      const lint: unknown = JSON.parse(answer.lintJson);
      return Response.json(
        { revision, dry_run: isDryRun, changed, diff, lint },
        {
          headers: {
            etag: `"${revision}"`,
            ...(answer.replayed ? { 'idempotency-replayed': 'true' } : {}),
          },
        },
      );
    }
    case 'refused': {
      const [first] = answer.errors;
      throw new Problem('routing-invalid', `${first?.field ?? 'body'}: ${first?.detail ?? ''}`, {
        errors: answer.errors,
      });
    }
    case 'stale':
      throw new Problem(
        'revision-mismatch',
        `if-match: the routing table is at revision ${answer.revision}`,
        { headers: { etag: `"${answer.revision}"` } },
      );
    case 'reused-key':
      throw new Problem(
        'idempotency-key-reused',
        'idempotency-key: this key was used for another request',
      );
    case 'unknown-revision':
      throw new Problem('not-found', 'revision: not known, or no longer kept');
    default:
      return answer satisfies never;
  }
}
