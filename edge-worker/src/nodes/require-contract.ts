/** A message of a node that speaks another version gets an error that names both, not a list of fields that do not fit. */
import { contractFault } from '@callgate/shared/contract/version.ts';
import { Problem } from '../http/problem.ts';

/** Asked before the shape is checked. @throws Problem `contract-version` */
export function requireContract(body: unknown): void {
  const contract =
    typeof body === 'object' && body !== null && 'contract' in body ? body.contract : undefined;
  const fault = typeof contract === 'number' ? contractFault(contract) : null;
  if (fault !== null) throw new Problem('contract-version', fault);
}
