import { after } from '../../clock.ts';

/** A promise that is waited for no longer than so many ms. What it comes to after that is nobody's any more. @throws Error when the time is up */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_, fail) => {
    cancel = after(ms, () => fail(new Error(`no answer within ${ms} ms`)));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}
