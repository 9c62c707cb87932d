import { Registrar } from "../../../src/lib/names/registrar";
import { failureOf } from "../../helpers/failure";

test("a name belongs to one key, a key may have several", async () => {
  const registrar = new Registrar();
  registrar.reserve("web", "1");
  registrar.reserve("site", "1");
  registrar.reserve("web", "1");
  registrar.reserve("db", "2");
  const error = await failureOf(() => {
    registrar.reserve("web", "2");
  });
  expect(error.code).toBe("CONFLICT");
  expect(error.message).toBe('conflict, name "web" already reserved for ctr "1"');
  expect([registrar.get("web"), registrar.get("site"), registrar.get("db")]).toEqual(["1", "1", "2"]);
  expect(registrar.getNames("1")).toEqual(["web", "site"]);
  expect(registrar.getAll()).toEqual(
    new Map([
      ["1", ["web", "site"]],
      ["2", ["db"]],
    ]),
  );
});

test("a name that was released is free, and its key keeps the others", async () => {
  const registrar = new Registrar();
  registrar.reserve("web", "1");
  registrar.reserve("site", "1");
  registrar.release("web");
  registrar.release("web");
  registrar.release("never");
  expect((await failureOf(() => registrar.get("web"))).code).toBe("NOT_FOUND");
  expect(registrar.getNames("1")).toEqual(["site"]);
  registrar.reserve("web", "2");
  registrar.release("site");
  expect((await failureOf(() => registrar.getNames("1"))).code).toBe("NOT_FOUND");
});

test("a key that was deleted frees all its names and no others", async () => {
  const registrar = new Registrar();
  registrar.reserve("web", "1");
  registrar.reserve("site", "1");
  registrar.reserve("db", "2");
  registrar.delete("1");
  registrar.delete("1");
  expect(registrar.getAll()).toEqual(new Map([["2", ["db"]]]));
  expect((await failureOf(() => registrar.getNames("1"))).code).toBe("NOT_FOUND");
  registrar.reserve("web", "2");
});

test("what it hands out is not its own", () => {
  const registrar = new Registrar();
  registrar.reserve("web", "1");
  registrar.getNames("1").push("x");
  registrar.getAll().clear();
  expect(registrar.getNames("1")).toEqual(["web"]);
});
