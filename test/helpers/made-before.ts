/**
 * What a hook makes before the first test. It stands for that from then on: a test file can have it as a constant.
 */
export function madeBefore<T extends object>(make: () => Promise<T>): T {
  let made: T | undefined;
  beforeAll(async () => {
    made = await make();
  }, 120_000);
  const stand = {} as T;
  return new Proxy(stand, {
    get(_, property) {
      if (made === undefined) throw new Error(`${String(property)} is asked for before the first test`);
      return Reflect.get(made, property) as unknown;
    },
  });
}
