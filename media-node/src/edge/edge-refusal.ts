/** The edge looked at a message and refused it (HTTP 4xx with a problem document about it): asking again with the same message changes nothing. */
import { PartError } from '../part-error.ts';

export class EdgeRefusal extends PartError {
  constructor(message: string) {
    super('edge-error', message);
  }
}
