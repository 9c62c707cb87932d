import type { BaseContext } from "../../shell/context";

/**
 * Does the same to several arguments, side by side where waiting is involved. What succeeds is printed as soon as
 * it is done; what fails is one line of stderr each, and the others go on.
 * @param action returns what to print; "" for nothing
 * @returns the exit code
 */
export async function forEachArgument(
  context: BaseContext,
  args: readonly string[],
  action: (argument: string) => Promise<string>,
): Promise<number> {
  const codes = await Promise.all(
    args.map(async (argument): Promise<number> => {
      try {
        const line = await action(argument);
        if (line !== "") context.terminal.out(`${line}\n`);
        return 0;
      } catch (error) {
        context.reportFailure(error);
        return 1;
      }
    }),
  );
  return Math.max(0, ...codes);
}

/** The same, one after the other, in the order given. */
export async function forEachInTurn(
  context: BaseContext,
  args: readonly string[],
  action: (argument: string) => Promise<string>,
): Promise<number> {
  let code = 0;
  for (const argument of args) code = Math.max(code, await forEachArgument(context, [argument], action));
  return code;
}
