/** Version of the node software, told to the edge and shown at start. */
export const nodeVersion = '0.1.0';
