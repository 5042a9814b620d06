/** What is asked of the routing table by document, patch or way back, and what it answers: plain values that cross to the Durable Object. */
import type { JsonValue } from '@bufbuild/protobuf';
import type { ProblemItem } from '../../http/problem.ts';
import type { RoutingDocument } from '../routing-document.ts';
import type { IdempotencyKey } from './answers.ts';

export type ChangeRequest =
  | { kind: 'replace'; document: RoutingDocument }
  | { kind: 'patch'; patch: { trunks?: JsonValue; rules?: JsonValue } }
  | { kind: 'rollback'; revision: number };

export interface ChangeOrder {
  readonly author: string;
  /** The request, for the history. */
  readonly source: string;
  /** The change is refused when the table is at another revision; null: whatever it is at. */
  readonly expectedRevision: number | null;
  readonly idempotency: IdempotencyKey | null;
  /** Answer what would happen, and leave the table as it is. */
  readonly isDryRun: boolean;
}

export type ChangeAnswer =
  | {
      kind: 'accepted';
      /** Revision of the table now. */
      revision: number;
      /** Objects that differ. */
      changed: number;
      /** ObjectDiff[] as JSON text: its depth is the document's. */
      diffJson: string;
      /** LintResult of the resulting table as JSON text. */
      lintJson: string;
      /** The first answer to this idempotency key, given again. */
      replayed: boolean;
    }
  | { kind: 'refused'; errors: ProblemItem[]; replayed: boolean }
  /** The expected revision is not the table's. */
  | { kind: 'stale'; revision: number }
  /** The idempotency key was used for another request. */
  | { kind: 'reused-key' }
  | { kind: 'unknown-revision' };
