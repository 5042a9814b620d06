/** V8's inspector, as far as it is asked for here. */
import { WebSocket } from 'ws';

export class Inspector {
  readonly #socket: WebSocket;
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @throws Error when nobody listens at the URL */
  static async open(url: string | URL): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise<void>((settle, fail) => {
      socket.once('open', settle);
      socket.once('error', fail);
    });
    return new Inspector(socket);
  }

  /** The result of a command. Rejects when the inspector closes before. */
  ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#asked;
    return new Promise((settle, fail) => {
      this.#socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (message.id === id) settle(message.result);
      });
      this.#socket.once('close', () => fail(new Error(`${method}: the inspector closed`)));
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.terminate();
  }
}
