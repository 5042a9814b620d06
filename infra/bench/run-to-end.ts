/** Runs a bench as a program: ends the process with status 0, or 1 and a line that says why, whatever is still open then. */
export function runToEnd(main: () => Promise<void>, say: (text: string) => void): void {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      say(error instanceof Error ? error.message : String(error));
      process.exit(1);
    },
  );
}
