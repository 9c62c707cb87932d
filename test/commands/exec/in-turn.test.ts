import { outputsInTurn, type Turn } from "../../../src/commands/exec/in-turn";

function open(...headings: string[]): { turns: Turn[]; written: () => string } {
  const written: string[] = [];
  const write = (mark: string) => (text: string | Uint8Array) => {
    written.push(`${mark}${Buffer.from(text).toString()}`);
  };
  const turns = outputsInTurn({ out: write(""), error: write("!") }, headings);
  return { turns, written: () => written.join("") };
}

test("who is on writes at once, the others below it, in their order", () => {
  const { turns, written } = open("A\n", "B\n", "C\n");
  const [a, b, c] = turns;
  void b?.out(Buffer.from("b1\n"));
  void c?.error(Buffer.from("c\n"));
  void a?.out(Buffer.from("a"));
  expect(written()).toBe("A\na");
  c?.end();
  a?.end();
  expect(written()).toBe("A\na\n\nB\nb1\n");
  void b?.out(Buffer.from("b2\n"));
  b?.end();
  expect(written()).toBe("A\na\n\nB\nb1\nb2\n\nC\n!c\n");
});

test("who writes a lot before it is on waits", async () => {
  const { turns, written } = open("A\n", "B\n");
  const [a, b] = turns;
  await b?.out(Buffer.alloc(2 * 1024 * 1024, "x"));
  let done = false;
  const waiting = Promise.resolve(b?.out(Buffer.from("last\n"))).then(() => (done = true));
  await new Promise(setImmediate);
  expect(done).toBe(false);
  a?.end();
  await waiting;
  expect(written().endsWith("xlast\n")).toBe(true);
});
